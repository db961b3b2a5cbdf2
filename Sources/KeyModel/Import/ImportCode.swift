// Why one row of an import was not taken. The words stand in answers and reports and never change
// their meaning. No refusal may repeat a secret or a hash.

package enum ImportCode: String, Error, Sendable, CaseIterable {
  case validationFailed = "validation_failed"
  /// Only SHA-256 of the whole secret can be looked up.
  case unsupportedAlgorithm = "unsupported_algorithm"
  case malformedHash = "malformed_hash"
  case weakSecret = "weak_secret"
  /// The account has this key by now: nothing is left to do, so it counts on its own.
  case alreadyImported = "already_imported"
  /// Another account has this key.
  case duplicateKey = "duplicate_key"
  /// An earlier row of the same request has this key.
  case duplicateInRequest = "duplicate_in_request"
  case accountNotFound = "account_not_found"
  /// The account is there, with another client id or user name than the row says.
  case accountMismatch = "account_mismatch"
  case clientIDTaken = "client_id_taken"
  case applicationNotFound = "application_not_found"
  case publicIDRequired = "public_id_required"
  case publicIDTaken = "public_id_taken"
  case keyLimitReached = "key_limit_reached"
  case applicationLimitReached = "application_limit_reached"
}
