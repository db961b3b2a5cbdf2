// Many rows in few statements, in few shapes, so that each statement is prepared once and an engine
// behind a network is asked once for many rows.
internal import KeyModel

/// `INSERT INTO … VALUES (…), (…), …` for any number of rows.
struct MultiRowInsert: Sendable {
  /// How many rows one statement takes, most first.
  private static let shapes = [64, 8, 1]
  private let statements: [(rows: Int, sql: String)]
  private let count: Int

  /// - Parameter count: how many columns there are.
  init(table: String, columns: String, count: Int) {
    self.count = count
    statements = Self.shapes.map { rows in
      let values = (0..<rows).map { row in
        "(" + Places.list(from: row * count + 1, count: count) + ")"
      }
      return (
        rows, "INSERT INTO \(table) (\(columns)) VALUES \(values.joined(separator: ", "))"
      )
    }
  }

  /// - Parameter add: appends the values of one row.
  func run(
    in transaction: Transaction, rows: Int, _ add: (Int, inout [SQLValue]) -> Void
  ) throws(StoreError) {
    var next = 0
    var arguments: [SQLValue] = []
    // Where statements do not travel, rows are inserted one by one: for a statement of many rows
    // SQLite copies every page it changes, to be able to undo half a statement.
    let isLocal = !transaction.capabilities.statementsTravel
    for statement in isLocal ? statements.suffix(1) : statements[...] {
      while rows - next >= statement.rows {
        arguments.removeAll(keepingCapacity: true)
        arguments.reserveCapacity(statement.rows * count)
        for row in next..<(next + statement.rows) { add(row, &arguments) }
        try transaction.execute(statement.sql, arguments)
        next += statement.rows
      }
    }
  }
}

enum Places {
  /// `$3, $4, $5`
  static func list(from first: Int, count: Int) -> String {
    (first..<(first + count)).map { "$\($0)" }.joined(separator: ", ")
  }

  /// `sql` with `places` where its question marks are. By bytes: to look for characters takes
  /// longer than many a statement.
  static func fill(_ sql: StaticString, with places: String) -> String {
    var text = ""
    let pieces = sql.description.utf8.split(
      separator: UInt8(ascii: "?"), omittingEmptySubsequences: false)
    for (at, piece) in pieces.enumerated() {
      if at > 0 { text += places }
      text += Substring(piece)
    }
    return text
  }
}

extension Transaction {
  /// Asks for rows whose key is among `keys`, in pieces. In `sql` they stand as `?`, after the
  /// places of `more`; a repeated key fills up the last piece and must find nothing new.
  func forEach(
    among keys: [SQLValue], and more: [SQLValue] = [], _ sql: StaticString,
    _ body: (any Row) throws(StoreError) -> Void
  ) throws(StoreError) {
    var start = 0
    while start < keys.count {
      let end = min(start + 200, keys.count)
      let shape = [1, 10, 50, 200].first { $0 >= end - start } ?? end - start
      let arguments = (0..<shape).map { keys[min(start + $0, end - 1)] }
      let places = Places.list(from: more.count + 1, count: shape)
      try forEach(Places.fill(sql, with: places), more + arguments, body)
      start = end
    }
  }
}
