// What a rotation of peppers asks of the rows: who still stands under an older one, and giving a
// row its new look-up value. Hashing and opening are the caller's.
package import KeyModel

/// How many rows have a look-up value under one pepper.
package struct PepperUse: Sendable, Hashable {
  /// Keys that would stop verifying without it.
  package var keys: Int64
  /// Operator keys that are not revoked.
  package var operatorKeys: Int64
  /// Versions that have ended or expired: without it they are `not_found`, not `revoked`.
  package var ended: Int64
}

/// A version that can be opened and hashed anew without its holder.
package struct SealedVersion: Sendable {
  package var id: VersionID
  package var keyID: KeyID
  package var accountID: AccountID
  package var lookup: Lookup
  package var sealed: [UInt8]
}

package struct PepperRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The id of the pepper that new look-up values are made under; 0 in an empty store.
  package func newest() throws(StoreError) -> Int64 {
    try transaction.number(
      """
      SELECT max(id) FROM keyring
      WHERE account_id IS NULL AND purpose = $1 AND retired_at IS NULL
      """, [.text(WrappedKey.pepper)])
  }

  package func use(of pepper: Int64, at now: Timestamp) throws(StoreError) -> PepperUse {
    let live = """
      v.state <= \(VersionState.retiring.rawValue)
        AND (v.accepted_until IS NULL OR v.accepted_until > $2)
        AND k.state = \(KeyState.active.rawValue)
        AND (k.expires_at IS NULL OR k.expires_at > $2)
      """
    let counts: PepperUse? = try transaction.row(
      """
      SELECT count(DISTINCT CASE WHEN \(live) THEN v.key_id END),
        count(CASE WHEN \(live) THEN NULL ELSE 1 END)
      FROM key_versions v JOIN keys k ON k.id = v.key_id
      WHERE v.algorithm = \(LookupAlgorithm.blake2b.rawValue) AND v.pepper_id = $1
      """, [.integer(pepper), .time(now)]
    ) { (row: any Row) throws(StoreError) in
      PepperUse(keys: try row.integer(0), operatorKeys: 0, ended: try row.integer(1))
    }
    var use = counts ?? PepperUse(keys: 0, operatorKeys: 0, ended: 0)
    use.operatorKeys = try transaction.number(
      "SELECT count(*) FROM operator_keys WHERE pepper_id = $1 AND revoked_at IS NULL",
      [.integer(pepper)])
    return use
  }

  /// Recoverable versions under any pepper but `newest`, in the order of keys, from `first` on.
  package func sealedVersions(
    notUnder newest: Int64, from first: KeyID?, limit: Int
  ) throws(StoreError) -> [SealedVersion] {
    try transaction.rows(
      """
      SELECT v.id, v.key_id, k.account_id, v.lookup, v.sealed_secret
      FROM key_versions v JOIN keys k ON k.id = v.key_id
      WHERE v.algorithm = \(LookupAlgorithm.blake2b.rawValue) AND v.pepper_id <> $1
        AND v.sealed_secret IS NOT NULL AND v.key_id >= $2
      ORDER BY v.key_id, v.number LIMIT $3
      """, [.integer(newest), .id(first ?? KeyID(bits: 0)), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in
      SealedVersion(
        id: try row.id(0), keyID: try row.id(1), accountID: try row.id(2),
        lookup: try row.lookup(3), sealed: try row.blob(4))
    }
  }

  /// False where the row is gone or has another look-up value by now.
  package func apply(_ rehash: Rehash) throws(StoreError) -> Bool {
    switch rehash.subject {
    case .version(let id, let key):
      try transaction.execute(
        """
        UPDATE key_versions SET lookup = $4, pepper_id = $5, former_lookup = $3
        WHERE key_id = $1 AND id = $2 AND lookup = $3
          AND algorithm = \(LookupAlgorithm.blake2b.rawValue)
        """,
        [
          .id(key), .id(id), .lookup(rehash.former), .lookup(rehash.lookup),
          .integer(rehash.pepperID),
        ]) > 0
    case .operatorKey(let id):
      try transaction.execute(
        "UPDATE operator_keys SET lookup = $3, pepper_id = $4 WHERE id = $1 AND lookup = $2",
        [.id(id), .lookup(rehash.former), .lookup(rehash.lookup), .integer(rehash.pepperID)]) > 0
    }
  }
}
