// Which notices of a key's coming end are due. Pure, and over half-open spans of time: spans that
// meet give each notice once, however long or short they are.

/// The end of a key is so many days away.
package struct ExpiryNotice: Hashable, Sendable {
  package var days: Int
  /// `days` days of 24 hours before the end.
  package var dueAt: Timestamp
}

package enum ExpiryNotices {
  /// The notices that fall due after `start` and not after `end`, soonest due first.
  ///
  /// A key gets none for days that were over when its end was set (`setAt`): who sets an end of
  /// tomorrow need not be told that it is less than thirty days away. Nothing is due once the end
  /// has come.
  /// - Parameter days: the policy's `key_expiring_days`.
  package static func due(
    expiresAt: Timestamp?, setAt: Timestamp, days: [Int], after start: Timestamp,
    through end: Timestamp
  ) -> [ExpiryNotice] {
    guard let expiresAt, start < end, end < expiresAt else { return [] }
    let notices = Set(days).sorted(by: >).map {
      ExpiryNotice(days: $0, dueAt: expiresAt.adding(seconds: -Int64($0) * 86_400))
    }
    return notices.filter {
      $0.days > 0 && $0.dueAt >= setAt && $0.dueAt > start && $0.dueAt <= end
    }
  }
}
