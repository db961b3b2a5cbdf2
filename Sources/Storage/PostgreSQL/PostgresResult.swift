// One result of libpq: the only owner of its handle, and the row it stands on. Values are in binary
// form; no pointer into them leaves this file.
import CPostgreSQL
internal import KeyModel

final class PostgresResult: Row {
  let handle: OpaquePointer
  var row: Int32 = 0

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  var status: ExecStatusType { PQresultStatus(handle) }
  var rowCount: Int32 { PQntuples(handle) }

  /// Rows changed, from the command's tag.
  var changed: Int {
    guard let text = PQcmdTuples(handle) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }

  var commandTag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

  var columnCount: Int { Int(PQnfields(handle)) }

  func columnName(_ column: Int) -> String {
    PQfname(handle, Int32(column)).map { String(cString: $0) } ?? ""
  }

  func isNull(_ column: Int) -> Bool { PQgetisnull(handle, row, Int32(column)) == 1 }

  func integer(_ column: Int) throws(StoreError) -> Int64 {
    let bytes = bytes(column)
    switch bytes.count {
    case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    default: throw .corrupt("an integer of \(bytes.count) bytes")
    }
  }

  func text(_ column: Int) throws(StoreError) -> String {
    String(decoding: bytes(column), as: UTF8.self)
  }

  func isText(_ column: Int, _ other: String) -> Bool { StoredBytes.equal(bytes(column), other) }

  func blob(_ column: Int) throws(StoreError) -> [UInt8] { Array(bytes(column)) }

  func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(bytes(column))
  }

  func bits(_ column: Int) throws(StoreError) -> UInt128 { try StoredBytes.bits(bytes(column)) }

  func lookup(_ column: Int) throws(StoreError) -> Lookup {
    try StoredBytes.lookup(bytes(column))
  }

  func value(_ column: Int) throws(StoreError) -> SQLValue {
    if isNull(column) { return .null }
    switch PQftype(handle, Int32(column)) {
    case Self.int8, Self.int4: return .integer(try integer(column))
    case Self.text, Self.varchar: return .text(try text(column))
    default: return .blob(try blob(column))
    }
  }

  private func bytes(_ column: Int) -> UnsafeRawBufferPointer {
    let start = PQgetvalue(handle, row, Int32(column))
    return UnsafeRawBufferPointer(
      start: start, count: Int(PQgetlength(handle, row, Int32(column))))
  }

  // Type numbers of pg_type that never change.
  private static let int8: Oid = 20
  private static let int4: Oid = 23
  private static let text: Oid = 25
  private static let varchar: Oid = 1043
}

/// Fetches a server-side cursor in pieces, so that memory stays bounded.
final class PostgresCursor: Cursor {
  private let connection: PostgresConnection
  private let fetch: String
  private var piece: PostgresResult?
  private var isOver = false

  init(_ connection: PostgresConnection, name: String) {
    self.connection = connection
    fetch = "FETCH FORWARD 4000 FROM \(name)"
  }

  func next() throws(StoreError) -> (any Row)? {
    if let piece, piece.row + 1 < piece.rowCount {
      piece.row += 1
      return piece
    }
    if isOver { return nil }
    piece = nil
    let fetched = try connection.fetch(fetch)
    piece = fetched
    isOver = fetched.rowCount == 0
    return isOver ? nil : fetched
  }
}
