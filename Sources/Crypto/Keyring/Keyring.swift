// The keys that protect everything else, made from stored rows and the master key: peppers, data
// keys, the derivation secret, and the canary that tells a wrong master key at startup. A value:
// it reads no store and no clock; the rows it makes are written by the caller.
package import KeyModel

package enum KeyringError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The store has no keyring: it was never initialised.
  case empty
  /// The rows were wrapped by a master key that was not given.
  case wrongMasterKey(expected: String, given: [String])
  /// The right master key does not open the row: the row was changed.
  case damaged(Int64)
  /// Two peppers are live already; the older must retire first.
  case tooManyPeppers

  package var description: String {
    switch self {
    case .empty: "the store has no keyring: run latchkey init"
    case .wrongMasterKey(let expected, let given):
      "the store was made with master key \(expected), but the key given is "
        + given.joined(separator: ", ")
    case .damaged(let id): "keyring row \(id) does not open: it was changed"
    case .tooManyPeppers: "two peppers are live already: retire the older one first"
    }
  }
}

package struct Keyring: Sendable {
  package static let maximumLivePeppers = 2

  package let masterKeys: MasterKeys
  /// Newest first, one or two. New tokens are looked up under the first.
  package let peppers: [LookupHasher]
  private let derivation: SecretBox

  /// Data key rows among `rows` are passed over: they are opened when they are needed.
  package init(masterKeys: MasterKeys, rows: [WrappedKey]) throws(KeyringError) {
    guard let canary = rows.first(where: { $0.purpose == WrappedKey.canary }) else { throw .empty }
    _ = try KeyWrap.unwrap(canary, masterKeys)
    guard let root = rows.first(where: { $0.purpose == WrappedKey.derivation }) else {
      throw .empty
    }
    let live = rows.filter { $0.purpose == WrappedKey.pepper && $0.retiredAt == nil }
      .sorted { $0.id > $1.id }
    guard !live.isEmpty else { throw .empty }
    guard live.count <= Self.maximumLivePeppers else { throw .tooManyPeppers }
    var peppers: [LookupHasher] = []
    for row in live {
      let box = try KeyWrap.unwrap(row, masterKeys)
      peppers.append(box.withBytes { LookupHasher(pepperID: row.id, pepper: $0) })
    }
    self.peppers = peppers
    derivation = try KeyWrap.unwrap(root, masterKeys)
    self.masterKeys = masterKeys
  }

  /// What a new store begins with: canary, first pepper, derivation secret.
  /// - Parameter firstID: of three ids in a row that the store has not given to anything else.
  package static func foundation(
    masterKeys: MasterKeys, firstID: Int64, now: Timestamp, entropy: any Entropy
  ) -> [WrappedKey] {
    [WrappedKey.canary, WrappedKey.pepper, WrappedKey.derivation].enumerated().map { at, purpose in
      KeyWrap.newKey(
        WrappedKey(
          id: firstID + Int64(at), purpose: purpose, masterKeyID: masterKeys.newest.id,
          wrapped: [], createdAt: now),
        masterKey: masterKeys.newest, entropy: entropy)
    }
  }

  package var newestPepper: LookupHasher { peppers[0] }

  /// The look-up values under every live pepper, newest first.
  package func lookups(of token: Secret) -> [Lookup] { peppers.map { $0.lookup(of: token) } }

  /// A new data key for an account (nil: the operator's own), to be stored by the caller under
  /// `id`, which the store gives.
  package func newDataKey(
    id: Int64, for account: AccountID?, now: Timestamp, entropy: any Entropy
  ) -> WrappedKey {
    KeyWrap.newKey(
      WrappedKey(
        id: id, purpose: WrappedKey.accountKey, accountID: account,
        masterKeyID: masterKeys.newest.id, wrapped: [], createdAt: now),
      masterKey: masterKeys.newest, entropy: entropy)
  }

  package func dataKey(_ row: WrappedKey) throws(KeyringError) -> DataKey {
    guard row.purpose == WrappedKey.accountKey else { throw .damaged(row.id) }
    return DataKey(id: row.id, box: try KeyWrap.unwrap(row, masterKeys))
  }

  /// 32 bytes for `ProjectRecord.assertionKey`, the same for as long as the store lives.
  package func assertionKey(for project: ProjectID) -> [UInt8] {
    let name = lengthPrefixed("assertion/v1", project.description)
    return derivation.withBytes { key in
      name.withUnsafeBytes { BLAKE2b.digest(of: $0, key: key) }
    }
  }

  /// 32 bytes that key the chain of audit entries, the same for as long as the store lives.
  package func auditKey() -> [UInt8] {
    derivation.withBytes { key in
      lengthPrefixed("audit/v1").withUnsafeBytes { BLAKE2b.digest(of: $0, key: key) }
    }
  }

  /// A further pepper. What was looked up under the older one stays valid until that retires.
  package func nextPepper(
    id: Int64, now: Timestamp, entropy: any Entropy
  ) throws(KeyringError) -> WrappedKey {
    guard peppers.count < Self.maximumLivePeppers else { throw .tooManyPeppers }
    return KeyWrap.newKey(
      WrappedKey(
        id: id, purpose: WrappedKey.pepper, masterKeyID: masterKeys.newest.id, wrapped: [],
        createdAt: now),
      masterKey: masterKeys.newest, entropy: entropy)
  }

  /// The rows that are not yet wrapped by the newest master key, wrapped by it. Feed it batch after
  /// batch, store what comes back, and stop where nothing does: it may be broken off at any point.
  package static func rewrap(
    _ rows: [WrappedKey], masterKeys: MasterKeys, entropy: any Entropy
  ) throws(KeyringError) -> [WrappedKey] {
    var changed: [WrappedKey] = []
    for row in rows where row.masterKeyID != masterKeys.newest.id {
      let box = try KeyWrap.unwrap(row, masterKeys)
      changed.append(KeyWrap.wrap(box, as: row, masterKey: masterKeys.newest, entropy: entropy))
    }
    return changed
  }
}
