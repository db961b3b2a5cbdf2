// Start-up: every key with its versions as the data plane needs them. Two ordered scans are merged,
// because a join would seek once per key; strings are made once per distinct environment, and
// records are read into the memory of those before them.
package import KeyModel

/// Which keys come first.
package enum ScanOrder: Sendable {
  case oldestFirst, newestFirst

  fileprivate var word: String { self == .oldestFirst ? "" : "DESC" }

  @inline(__always)
  fileprivate func isBefore(_ left: UInt128, _ right: UInt128) -> Bool {
    self == .oldestFirst ? left < right : left > right
  }
}

extension KeyRepository {
  /// Every key, oldest first; takes part in the transaction's snapshot.
  package func forEachRecord(_ body: (KeyRecord) throws -> Void) throws {
    var scan = try KeyRecordScan(transaction, .oldestFirst)
    var records: [KeyRecord] = []
    while try scan.next(&records) { for record in records { try body(record) } }
  }

  /// The same in pieces, from either end.
  package func scan(_ order: ScanOrder) throws -> KeyRecordScan {
    try KeyRecordScan(transaction, order)
  }
}

/// Must not leave the transaction's body.
package struct KeyRecordScan {
  /// As many records as a piece has.
  private static let piece = 512
  private let keys: any Cursor
  private var versions: VersionScan
  private var environments = Interned()

  fileprivate init(_ transaction: Transaction, _ order: ScanOrder) throws(StoreError) {
    versions = try VersionScan(transaction, order)
    keys = try transaction.cursor(
      """
      SELECT id, project_id, account_id, application_id, kind, access, state, environment,
        expires_at, public_id, routes
      FROM keys ORDER BY id \(order.word)
      """)
  }

  /// Puts the next keys in the place of what is in `records`; false after the last.
  package mutating func next(_ records: inout [KeyRecord]) throws(StoreError) -> Bool {
    var count = 0
    while count < Self.piece, let row = try keys.next() {
      if count == records.count { records.append(Self.blank) }
      try read(row, into: &records[count])
      count += 1
    }
    records.removeLast(records.count - count)
    return count > 0
  }

  private mutating func read(
    _ row: any Row, into record: inout KeyRecord
  ) throws(StoreError) {
    record.id = try row.id(0)
    record.projectID = try row.id(1)
    record.accountID = try row.id(2)
    record.applicationID = try row.id(3)
    record.kind = try row.raw(4)
    record.access = try row.raw(5)
    record.revoked = try row.integer(6) == Int64(KeyState.revoked.rawValue)
    record.environment = try environments.text(row, 7)
    record.expiresAt = try row.optionalTime(8)
    record.publicID = try row.optionalText(9)
    record.routes = try row.routes(10)
    try versions.take(record.id.bits, into: &record.versions)
  }

  private static let blank = KeyRecord(
    id: ID(bits: 0), projectID: ID(bits: 0), accountID: ID(bits: 0), applicationID: ID(bits: 0),
    environment: "", versions: [])
}

/// The versions' side of the merge: stands on the first version that was not taken.
private struct VersionScan {
  private let cursor: any Cursor
  private let order: ScanOrder
  private var row: (any Row)?
  private var keyID: UInt128 = 0

  init(_ transaction: Transaction, _ order: ScanOrder) throws(StoreError) {
    self.order = order
    cursor = try transaction.cursor(
      """
      SELECT key_id, id, lookup, algorithm, state, accepted_from, accepted_until
      FROM key_versions ORDER BY key_id \(order.word), number \(order.word)
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
    while let row, !order.isBefore(id, keyID) {
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
