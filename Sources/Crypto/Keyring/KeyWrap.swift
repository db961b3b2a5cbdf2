// Wraps one key of the keyring with a master key: `0x01 ‖ nonce (24) ‖ ciphertext ‖ tag (16)`. The
// associated data holds every field of the row, so that no field can be changed and no row swapped.
internal import KeyModel

enum KeyWrap {
  private static let version: UInt8 = 1
  private static let keyBytes = 32

  /// `row` around a new random key.
  static func newKey(
    _ row: WrappedKey, masterKey: MasterKey, entropy: any Entropy
  ) -> WrappedKey {
    let box = SecretBox(count: keyBytes) { entropy.fill($0) }
    return wrap(box, as: row, masterKey: masterKey, entropy: entropy)
  }

  static func wrap(
    _ box: SecretBox, as row: WrappedKey, masterKey: MasterKey, entropy: any Entropy
  ) -> WrappedKey {
    var row = row
    row.masterKeyID = masterKey.id
    let nonce = entropy.bytes(AEAD.nonceBytes)
    let sealed = masterKey.box.withBytes { key in
      box.withBytes { AEAD.seal($0, key: key, nonce: nonce, data: associatedData(row)) }
    }
    row.wrapped = [version] + nonce + sealed
    return row
  }

  static func unwrap(_ row: WrappedKey, _ keys: MasterKeys) throws(KeyringError) -> SecretBox {
    guard let masterKey = keys[row.masterKeyID] else {
      throw .wrongMasterKey(expected: row.masterKeyID, given: keys.all.map(\.id))
    }
    let headerBytes = 1 + AEAD.nonceBytes
    guard row.wrapped.count == headerBytes + keyBytes + AEAD.tagBytes, row.wrapped[0] == version
    else { throw .damaged(row.id) }
    let box = masterKey.box.withBytes { key in
      AEAD.open(
        row.wrapped[headerBytes...], key: key, nonce: Array(row.wrapped[1..<headerBytes]),
        data: associatedData(row)
      ) { plain in SecretBox(count: plain.count) { $0.copyMemory(from: plain) } }
    }
    guard let box else { throw .damaged(row.id) }
    return box
  }

  private static func associatedData(_ row: WrappedKey) -> [UInt8] {
    lengthPrefixed(
      "dek/v1", String(row.id), row.purpose, row.accountID?.description ?? "", row.masterKeyID,
      String(row.createdAt.microseconds))
  }
}
