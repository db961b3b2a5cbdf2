// A key of the keyring as it is stored: wrapped by the master key. Wrapping and unwrapping are
// Crypto's job; this file must hold no plain key.

package enum KeyringTag: IDTag { package static let prefix = "krk" }
package typealias KeyringID = ID<KeyringTag>

/// What a key of the keyring is for. Raw values are stored.
package enum KeyringUse: UInt8, Sendable, CaseIterable {
  /// Opens at startup or the master key is the wrong one; protects nothing else.
  case canary = 0
  /// Keys the look-up values of tokens. At most two are live.
  case pepper = 1
  /// Seals what one account may see again. One live key per account.
  case dataKey = 2
  /// The secret from which per-project keys (assertions) are derived.
  case derivation = 3
}

package struct KeyringRow: Hashable, Sendable {
  /// Stands in every record sealed under this key.
  package var id: KeyringID
  package var use: KeyringUse
  /// Peppers: 1, 2, 3 …, what `KeyVersion.pepperID` names. Otherwise 0.
  package var number: Int64
  /// The owner of a data key; nil for everything else (data keys of the operator included).
  package var accountID: AccountID?
  /// Fingerprint of the master key that wrapped this row: 16 hexadecimal digits.
  package var masterKeyID: String
  package var wrapped: [UInt8]
  package var createdAt: Timestamp
  /// Set where the key no longer protects anything new and nothing old.
  package var retiredAt: Timestamp?

  package init(
    id: KeyringID, use: KeyringUse, number: Int64 = 0, accountID: AccountID? = nil,
    masterKeyID: String, wrapped: [UInt8], createdAt: Timestamp, retiredAt: Timestamp? = nil
  ) {
    self.id = id
    self.use = use
    self.number = number
    self.accountID = accountID
    self.masterKeyID = masterKeyID
    self.wrapped = wrapped
    self.createdAt = createdAt
    self.retiredAt = retiredAt
  }
}
