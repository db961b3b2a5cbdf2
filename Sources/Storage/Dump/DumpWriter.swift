// Writes a store to a file, table by table, out of one snapshot.
import Glibc
internal import KeyModel

extension Store {
  /// Writes everything to a new file (mode 0600) in the form of `DumpFormat`, out of one snapshot,
  /// while the store goes on working. Gives the number of rows. What was written of a file that did
  /// not get whole is removed.
  @discardableResult
  package func dump(toFile path: String) async throws -> Int64 {
    let descriptor = try LineFile.create(path)
    do {
      return try await dump(to: descriptor)
    } catch {
      unlink(path)
      throw error
    }
  }

  /// The same into an open file, which becomes the dump's own and is closed.
  @discardableResult
  package func dump(to descriptor: Int32) async throws -> Int64 {
    let file = Handover(LineFile(descriptor: descriptor))
    return try await read { try DumpWriter(file: file.value).write($0) }
  }
}

private struct DumpWriter {
  let file: LineFile
  var rows: Int64 = 0
  var checksum: UInt32 = 0

  init(file: LineFile) { self.file = file }

  func write(_ transaction: Transaction) throws -> Int64 {
    var writer = self
    try file.rewind(truncating: true)
    let schema = try transaction.number("SELECT version FROM schema")
    try writer.add(JSONWriter.compact(DumpFormat.head(schema: schema)))
    for table in DumpFormat.tables { try writer.add(table.name, table.order, transaction) }
    let end = DumpFormat.end(rows: writer.rows, checksum: writer.checksum)
    try file.write(JSONWriter.compact(end))
    try file.finish()
    return writer.rows
  }

  private mutating func add(_ line: [UInt8]) throws(DumpError) {
    checksum = DumpFormat.checksum(checksum, adding: line)
    try file.write(line)
  }

  private mutating func add(
    _ table: String, _ order: String, _ transaction: Transaction
  ) throws {
    let cursor = try transaction.cursor("SELECT * FROM \(table) ORDER BY \(order)")
    var line: [UInt8] = []
    var isFirst = true
    while let row = try cursor.next() {
      let columns = 0..<row.columnCount
      if isFirst {
        let names = columns.map { row.columnName($0) }
        try add(JSONWriter.compact(DumpFormat.table(table, columns: names)))
        isFirst = false
      }
      line.removeAll(keepingCapacity: true)
      for column in columns {
        line.append(UInt8(ascii: column == 0 ? "[" : ","))
        DumpFormat.write(try row.value(column), into: &line)
      }
      line.append(UInt8(ascii: "]"))
      try add(line)
      rows += 1
    }
  }
}
