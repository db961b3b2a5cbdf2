// Start-up: every key with its versions as the data plane needs them. Two ordered scans are merged,
// because a join would seek once per key; strings are made once per distinct environment.
package import KeyModel

extension KeyRepository {
  /// Every key, oldest first; takes part in the transaction's snapshot.
  package func forEachRecord(_ body: (KeyRecord) throws -> Void) throws {
    var versions = try VersionScan(transaction)
    let keys = try transaction.cursor(
      """
      SELECT id, project_id, account_id, application_id, kind, access, state, environment,
        expires_at, public_id, routes
      FROM keys ORDER BY id
      """)
    var environments = Interned()
    // One list for all of them: each is over before the next one is read.
    var taken: [VersionRecord] = []
    while let row = try keys.next() {
      let id = try row.bits(0)
      try versions.take(id, into: &taken)
      var record = KeyRecord(
        id: ID(bits: id), publicID: try row.optionalText(9), projectID: try row.id(1),
        accountID: try row.id(2), applicationID: try row.id(3),
        environment: try environments.text(row, 7), kind: try row.raw(4),
        access: try row.raw(5), routes: try row.routes(10),
        revoked: try row.integer(6) == Int64(KeyState.revoked.rawValue),
        expiresAt: try row.optionalTime(8), versions: [])
      swap(&record.versions, &taken)
      try body(record)
      swap(&record.versions, &taken)
    }
  }
}

/// The versions' side of the merge: stands on the first version that was not taken.
private struct VersionScan {
  private let cursor: any Cursor
  private var row: (any Row)?
  private var keyID: UInt128 = 0

  init(_ transaction: Transaction) throws(StoreError) {
    cursor = try transaction.cursor(
      """
      SELECT key_id, id, lookup, algorithm, state, accepted_from, accepted_until
      FROM key_versions ORDER BY key_id, number
      """)
    try advance()
  }

  private mutating func advance() throws(StoreError) {
    row = try cursor.next()
    if let row { keyID = try row.bits(0) }
  }

  mutating func take(
    _ id: UInt128, into versions: inout [VersionRecord]
  ) throws(StoreError) {
    versions.removeAll(keepingCapacity: true)
    while let row, keyID <= id {
      if keyID == id { versions.append(try Self.version(row)) }
      try advance()
    }
  }

  private static func version(_ row: any Row) throws(StoreError) -> VersionRecord {
    VersionRecord(
      id: try row.id(1), lookup: try row.lookup(2), algorithm: try row.raw(3),
      state: try row.raw(4), acceptedFrom: try row.time(5),
      acceptedUntil: try row.optionalTime(6))
  }
}

/// A handful of distinct texts, each made once.
private struct Interned {
  private var known: [String] = []

  mutating func text(_ row: any Row, _ column: Int) throws(StoreError) -> String {
    for text in known where row.isText(column, text) { return text }
    let text = try row.text(column)
    if known.count < 16 { known.append(text) }
    return text
  }
}
