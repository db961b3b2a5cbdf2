// Recoverable secrets at rest: `0x01 ‖ data key id (16) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`. The
// associated data names the place of the record, so that a moved ciphertext does not open. A key
// is never tried: the record says which one it needs.
package import KeyModel

/// Where a sealed record belongs; opening it elsewhere fails.
package struct SealContext: Hashable, Sendable {
  package var table: String
  package var column: String
  /// The row's id in its text form.
  package var row: String
  /// Nil: a secret of the operator.
  package var account: AccountID?
  package var purpose: String

  package init(
    table: String, column: String, row: String, account: AccountID?, purpose: String
  ) {
    self.table = table
    self.column = column
    self.row = row
    self.account = account
    self.purpose = purpose
  }

  func associatedData(_ key: Int64) -> [UInt8] {
    lengthPrefixed(
      "rec/v1", table, column, row, account?.description ?? "", purpose, String(key))
  }
}

package enum SealError: Error, Hashable, Sendable {
  /// Too short, or a version this server does not know.
  case malformed
  /// Sealed under another data key than the one given.
  case otherKey
  /// Changed, moved from another place, or sealed under a key with the same id.
  case forged
}

/// A data key in the clear. Copies share one guarded memory.
package struct DataKey: Sendable {
  package let id: Int64
  let box: SecretBox
}

package enum Sealer {
  private static let version: UInt8 = 1
  private static let headerBytes = 1 + 16 + AEAD.nonceBytes

  package static func seal(
    _ secret: Secret, under key: DataKey, at context: SealContext, entropy: any Entropy
  ) -> [UInt8] {
    let nonce = entropy.bytes(AEAD.nonceBytes)
    let sealed = key.box.withBytes { keyBytes in
      secret.withBytes {
        AEAD.seal($0, key: keyBytes, nonce: nonce, data: context.associatedData(key.id))
      }
    }
    return [version] + bigEndian(UInt128(key.id.magnitude)) + nonce + sealed
  }

  /// The data key a record needs; nil where it is no record.
  package static func keyID(of record: [UInt8]) -> Int64? {
    guard record.count >= headerBytes + AEAD.tagBytes, record[0] == version else { return nil }
    return Int64(exactly: record[1..<17].reduce(0 as UInt128) { $0 << 8 | UInt128($1) })
  }

  package static func open(
    _ record: [UInt8], under key: DataKey, at context: SealContext
  ) throws(SealError) -> Secret {
    guard let id = keyID(of: record) else { throw .malformed }
    guard id == key.id else { throw .otherKey }
    let secret = key.box.withBytes { keyBytes in
      AEAD.open(
        record[headerBytes...], key: keyBytes, nonce: Array(record[17..<headerBytes]),
        data: context.associatedData(id)
      ) { Secret(copying: $0) }
    }
    guard let secret else { throw .forged }
    return secret
  }
}

func bigEndian(_ value: UInt128) -> [UInt8] {
  (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(120 - 8 * $0)) }
}

/// Each part after its length in four bytes, so that no two lists of parts give the same bytes.
func lengthPrefixed(_ parts: String...) -> [UInt8] {
  var out: [UInt8] = []
  for part in parts {
    let bytes = Array(part.utf8)
    for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
    out += bytes
  }
  return out
}
