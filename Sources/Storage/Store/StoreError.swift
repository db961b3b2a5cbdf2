// What can go wrong in a store, the same words for both engines. Made from result codes and
// SQLSTATE, never from message text; may show SQL, never arguments.

/// A row that is not there is no error: reads give nil.
package enum StoreError: Error, Hashable, Sendable {
  /// A unique or foreign key rule refused a row. `constraint` is `table_column[_column…]` for a
  /// unique rule, see `Constraint`, and `foreign_key` for a reference.
  case conflict(constraint: String)
  /// The revision the caller read is not the stored one any more, or the row is gone.
  case stale
  /// Another process holds the write lock, or retries of a serialization failure ran out.
  case busy
  /// The database cannot be reached or opened; nothing was changed.
  case unavailable(String)
  /// The server refuses this user or has no such database; holds libpq's words about it.
  case denied(String)
  /// The tables cannot be made: somebody else's are there, or the user may not make any.
  case notOurs(String)
  /// The URL cannot be read. It is not repeated here: it may hold a password.
  case malformedURL
  /// The connection was lost after COMMIT was sent: the change may or may not have happened.
  case outcomeUnknown
  /// No room: disk, quota or file size limit.
  case full
  case readOnly
  /// The file or a stored value is not what the schema promises.
  case corrupt(String)
  /// The database was written by a newer Latchkey.
  case schemaTooNew(found: Int64, known: Int64)
  /// The store is closed.
  case closed
  /// A statement failed for a reason that is our own mistake.
  case statement(sql: String, message: String)
}

/// The names that `StoreError.conflict` carries.
package enum Constraint {
  package static let projectSlug = "projects_slug"
  package static let accountExternalID = "accounts_project_id_external_id"
  package static let accountClientID = "accounts_client_id"
  package static let memberEmail = "members_account_id_email"
  package static let keyPublicID = "keys_project_id_public_id"
  package static let versionLookup = "key_versions_lookup"
  package static let openCycle = "cycles_key_id"
  package static let cycleSlot = "cycles_key_id_slot_at"
  package static let operatorKeyLookup = "operator_keys_lookup"
  package static let auditSequence = "audit_sequence"
  package static let keyringID = "keyring_id"
  package static let foreignKey = "foreign_key"
}
