// The keyring at work: look-up values of tokens, and secrets sealed under an account's data key.
// It must not decide who may see a secret, and nothing here is ever printed.
package import Crypto
package import KeyModel
package import Storage
internal import Synchronization

package final class Vault: Sendable {
  private let current: Mutex<Keyring>
  // By wrapped bytes, so that a row which was never committed cannot be mistaken for another.
  private let opened = Mutex<[[UInt8]: DataKey]>([:])
  private static let cacheSize = 4096

  package init(keyring: Keyring) { current = Mutex(keyring) }

  package var keyring: Keyring { current.withLock { $0 } }

  /// Reads the keyring of an initialised store.
  /// Throws `KeyringError` where the master key is the wrong one or there is no keyring.
  package static func open(_ store: Store, masterKeys: MasterKeys) async throws -> Vault {
    let rows = try await store.read { try $0.keyring.house() }
    return Vault(keyring: try Keyring(masterKeys: masterKeys, rows: rows))
  }

  /// The keyring as this transaction sees it.
  func read(_ tx: Transaction) throws -> Keyring {
    try Keyring(masterKeys: keyring.masterKeys, rows: tx.keyring.house())
  }

  /// What was read after a pepper was made or retired.
  func replace(_ keyring: Keyring) { current.withLock { $0 = keyring } }

  /// Makes the look-up values of new tokens. Asks the store, because another server may have made
  /// a pepper a moment ago, and one that is retired must not be used any more.
  func newestPepper(_ tx: Transaction) throws -> LookupHasher {
    let newest = try tx.peppers.newest()
    let known = keyring.newestPepper
    return known.pepperID == newest ? known : try read(tx).newestPepper
  }

  /// Gives a new store its keyring and the operator's own data key. False where it has one.
  package static func found(
    _ store: Store, masterKeys: MasterKeys, now: Timestamp, entropy: any Entropy
  ) async throws -> Bool {
    try await store.write { tx in
      guard try tx.keyring.house().isEmpty else { return false }
      let rows = Keyring.foundation(
        masterKeys: masterKeys, firstID: try tx.keyring.nextID(), now: now, entropy: entropy)
      for row in rows { try tx.keyring.insert(row) }
      let keyring = try Keyring(masterKeys: masterKeys, rows: rows)
      try tx.keyring.insert(
        keyring.newDataKey(
          id: try tx.keyring.nextID(), for: nil, now: now, entropy: entropy))
      return true
    }
  }

  /// The data key of an account; nil: the operator's own.
  func dataKey(of account: AccountID?, _ tx: Transaction) throws -> DataKey {
    let rows = try tx.keyring.live(purpose: WrappedKey.accountKey, account: account)
    guard let row = rows.last(where: { $0.accountID == account }) else {
      throw VaultError.noDataKey
    }
    if let known = opened.withLock({ $0[row.wrapped] }) { return known }
    let key = try keyring.dataKey(row)
    opened.withLock {
      if $0.count >= Self.cacheSize { $0.removeAll() }
      $0[row.wrapped] = key
    }
    return key
  }

  /// The data key of a new account; the row is to be inserted after the account's own.
  func makeDataKey(
    for account: AccountID, now: Timestamp, entropy: any Entropy, _ tx: Transaction
  ) throws -> (row: WrappedKey, key: DataKey) {
    let row = keyring.newDataKey(
      id: try tx.keyring.nextID(), for: account, now: now, entropy: entropy)
    return (row, try keyring.dataKey(row))
  }

  func seal(
    _ secret: Secret, at place: SealContext, entropy: any Entropy, _ tx: Transaction
  ) throws -> [UInt8] {
    Sealer.seal(
      secret, under: try dataKey(of: place.account, tx), at: place, entropy: entropy)
  }

  func open(_ record: [UInt8], at place: SealContext, _ tx: Transaction) throws -> Secret {
    try Sealer.open(record, under: try dataKey(of: place.account, tx), at: place)
  }
}

enum VaultError: Error {
  case noDataKey
}

extension SealContext {
  static func version(_ id: VersionID, of account: AccountID) -> SealContext {
    SealContext(
      table: "key_versions", column: "sealed_secret", row: id.description, account: account,
      purpose: "secret")
  }

  /// For those before a rotation too: it moves them to a column of their own as they are.
  static func webhook(_ id: WebhookID, of account: AccountID) -> SealContext {
    SealContext(
      table: "webhooks", column: "sealed_secrets", row: id.description, account: account,
      purpose: "webhook")
  }

  static func clientSecret(of account: AccountID) -> SealContext {
    SealContext(
      table: "accounts", column: "sealed_client_secret", row: account.description,
      account: account, purpose: "client-secret")
  }

  static func replay(_ name: InFlight.Name) -> SealContext {
    SealContext(
      table: "idempotency", column: "sealed_secret",
      row: "\(name.principal) \(name.route) \(name.key)", account: nil, purpose: "replay")
  }
}
