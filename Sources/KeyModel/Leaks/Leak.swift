// A secret of ours that was found somewhere, as it is on record: once for each place.

package struct Leak: Sendable, Hashable {
  /// What became of the key.
  package enum Action: String, Sendable, CaseIterable {
    case revoked, rotated, notified
    /// The secret had ended before.
    case none
  }

  package var id: LeakID
  package var versionID: VersionID
  /// Where it was found, without the secret; may be empty.
  package var url: String
  package var keyID: KeyID
  package var projectID: ProjectID
  package var accountID: AccountID
  /// What kind of place that is, in the finder's words; may be empty.
  package var source: String
  package var action: Action
  /// As it stands on the audit.
  package var reportedBy: String
  package var reportedAt: Timestamp

  package init(
    id: LeakID, versionID: VersionID, url: String, keyID: KeyID, projectID: ProjectID,
    accountID: AccountID, source: String, action: Action, reportedBy: String,
    reportedAt: Timestamp
  ) {
    self.id = id
    self.versionID = versionID
    self.url = url
    self.keyID = keyID
    self.projectID = projectID
    self.accountID = accountID
    self.source = source
    self.action = action
    self.reportedBy = reportedBy
    self.reportedAt = reportedAt
  }
}
