// A key of our own as it is stored: wrapped by a master key. Wrapping and unwrapping are Crypto's
// job, storing is Storage's; this file must hold no plain key.

package struct WrappedKey: Sendable, Hashable {
  /// Given by the store; stands in every record sealed under this key, and is the number that
  /// `KeyVersion.pepperID` holds for a pepper.
  package var id: Int64
  /// One of the names below.
  package var purpose: String
  /// The owner of an `account-key`; nil for the house's own keys.
  package var accountID: AccountID?
  /// Fingerprint of the master key that wraps it: 16 hexadecimal digits.
  package var masterKeyID: String
  package var wrapped: [UInt8]
  package var createdAt: Timestamp
  package var retiredAt: Timestamp?

  /// Opens at startup or the master key is the wrong one; protects nothing else.
  package static let canary = "canary"
  /// Keys the look-up values of tokens. At most two are live.
  package static let pepper = "pepper"
  /// Seals what one account may see again (no account: what the operator may).
  package static let accountKey = "account-key"
  /// The secret from which per-project keys (assertions) are derived.
  package static let derivation = "derivation"

  package init(
    id: Int64, purpose: String, accountID: AccountID? = nil, masterKeyID: String,
    wrapped: [UInt8], createdAt: Timestamp, retiredAt: Timestamp? = nil
  ) {
    self.id = id
    self.purpose = purpose
    self.accountID = accountID
    self.masterKeyID = masterKeyID
    self.wrapped = wrapped
    self.createdAt = createdAt
    self.retiredAt = retiredAt
  }
}
