// Fills an empty store from a dump, in one transaction: what is wrong anywhere in the file leaves
// the store as it was.
internal import KeyModel

extension Store {
  /// Fills a store that has nothing in it from a file of `dump`. Throws `DumpError` where the file
  /// is not whole, of another schema, or the store is not empty; nothing is changed then. Gives the
  /// number of rows.
  /// - Parameter replacing: what the store has in it goes, in the same transaction.
  @discardableResult
  package func restore(fromFile path: String, replacing: Bool = false) async throws -> Int64 {
    let file = Handover(LineFile(descriptor: try LineFile.existing(path)))
    return try await write { transaction in
      if replacing { try DumpReader.empty(transaction) }
      return try DumpReader(file: file.value).read(into: transaction)
    }
  }
}

private struct DumpReader {
  private let file: LineFile
  private var number = 0
  private var rows: Int64 = 0
  private var checksum: UInt32 = 0
  private var insert = ""
  private var columnCount = 0

  init(file: LineFile) { self.file = file }

  func read(into transaction: Transaction) throws -> Int64 {
    var reader = self
    try file.rewind(truncating: false)
    try reader.requireEmpty(transaction)
    try reader.readHead(transaction)
    while let line = try file.read() {
      reader.number += 1
      if try reader.take(line, transaction) {
        // Nothing may come after the end.
        guard try file.read() == nil, !file.hasRest else { throw DumpError.damaged }
        return reader.rows
      }
    }
    throw DumpError.damaged
  }

  /// Children before parents.
  static func empty(_ transaction: Transaction) throws {
    for table in DumpFormat.tables.reversed() where table.name != "feed" {
      try transaction.execute("DELETE FROM \(table.name)", [])
    }
  }

  private func requireEmpty(_ transaction: Transaction) throws {
    for table in DumpFormat.tables where table.name != "feed" {
      let count = try transaction.number(
        "SELECT count(*) FROM (SELECT 1 FROM \(table.name) LIMIT 1) t")
      guard count == 0 else { throw DumpError.notEmpty }
    }
    try transaction.execute("DELETE FROM feed", [])
  }

  private mutating func readHead(_ transaction: Transaction) throws {
    guard let line = try file.read(), let head = try? JSONReader.read(line),
      head["latchkey_dump"]?.integer == DumpFormat.version, let schema = head["schema"]?.integer
    else { throw DumpError.notADump }
    let known = try transaction.number("SELECT version FROM schema")
    guard schema == known else { throw DumpError.otherSchema(found: schema, known: known) }
    number = 1
    checksum = DumpFormat.checksum(checksum, adding: line)
  }

  /// True at the end line.
  private mutating func take(_ line: [UInt8], _ transaction: Transaction) throws -> Bool {
    guard let json = try? JSONReader.read(line) else { throw DumpError.malformed(line: number) }
    if let sum = json["checksum"]?.integer {
      guard sum == Int64(checksum), json["rows"]?.integer == rows else { throw DumpError.damaged }
      return true
    }
    checksum = DumpFormat.checksum(checksum, adding: line)
    if let row = json.array {
      let values = row.compactMap(DumpFormat.value)
      guard columnCount > 0, values.count == columnCount, row.count == columnCount else {
        throw DumpError.malformed(line: number)
      }
      try transaction.execute(insert, values)
      rows += 1
    } else {
      try beginTable(json)
    }
    return false
  }

  /// Names go into SQL: only our own tables, and columns that can be nothing but names.
  private mutating func beginTable(_ json: JSONValue) throws {
    let columns = json["columns"]?.array?.compactMap(\.string) ?? []
    guard let table = json["table"]?.string, !columns.isEmpty,
      DumpFormat.tables.contains(where: { $0.name == table }),
      columns.allSatisfy({ $0.utf8.allSatisfy { $0 == 0x5f || (0x61...0x7a).contains($0) } })
    else { throw DumpError.malformed(line: number) }
    columnCount = columns.count
    let places = (1...columns.count).map { "$\($0)" }.joined(separator: ", ")
    insert = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))"
  }
}
