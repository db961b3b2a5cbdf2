// Where the days of the log lie, which is all that the engines differ in: a file a day, or a few
// tables a day in one database. A day is dropped whole, without reading it.
import Glibc
internal import KeyModel

/// Connections to the days of one log, used by one thread at a time.
protocol RecordDays: AnyObject {
  /// All that are there, newest first.
  func all() throws(StoreError) -> [Int64]
  /// Nil where the day is not there; a writer makes it.
  func open(_ day: Int64) throws(StoreError) -> (any Connection)?
  /// Lets go of a day's connection, where it has one of its own.
  func close(_ day: Int64)
  func closeAll()
  /// Removes a day with all it holds. Writers only.
  func drop(_ day: Int64) throws(StoreError)
  /// Bytes that the records take on disk.
  func bytes() throws(StoreError) -> Int64
  /// Holds `number` for as long as the writer's connections last; false where another process holds
  /// it.
  func claim(_ number: Int64) throws(StoreError) -> Bool
}

/// SQLite: `2026-11-21.db` and its log, in a folder that belongs to one process.
final class FileDays: RecordDays {
  private let folder: String
  private let role: SQLiteConnection.Role
  private var connections: [Int64: SQLiteConnection] = [:]

  init(folder: String, role: SQLiteConnection.Role) {
    self.folder = folder
    self.role = role
  }

  func all() throws(StoreError) -> [Int64] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw .failedOpen(errno, "cannot read the folder of request records")
    }
    defer { closedir(stream) }
    var days: [Int64] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let day = Self.day(name) { days.append(day) }
    }
    days.sort(by: >)
    // Files of days that were dropped would keep their disk while a connection is open.
    for day in connections.keys where !days.contains(day) { close(day) }
    return days
  }

  func open(_ day: Int64) throws(StoreError) -> (any Connection)? {
    if let connection = connections[day], connection.isUsable { return connection }
    if access(path(day), F_OK) != 0 {
      if role == .reader { return nil }
      try make(day)
    }
    let connection = try SQLiteConnection(path: path(day), role: role, contents: .records)
    connections[day] = connection
    return connection
  }

  /// Under another name until its tables are there, so that no reader meets it without them.
  private func make(_ day: Int64) throws(StoreError) {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw .failedOpen(errno, "cannot make the folder of request records")
    }
    let unfinished = path(day) + ".new"
    for suffix in ["", "-wal", "-shm"] { unlink(unfinished + suffix) }
    let connection = try SQLiteConnection(path: unfinished, role: .writer, contents: .records)
    defer { connection.close() }
    try connection.inTransaction(.write) { () throws(StoreError) in
      try DayTables(connection, day: day).create()
    }
    connection.close()
    guard rename(unfinished, path(day)) == 0 else {
      throw .failedOpen(errno, "cannot name a day of request records")
    }
  }

  func close(_ day: Int64) {
    guard let connection = connections.removeValue(forKey: day) else { return }
    // A reader may stand in the way of the last connection's own checkpoint.
    if role == .writer { connection.checkpoint() }
    connection.close()
  }

  func closeAll() {
    for connection in connections.values { connection.close() }
    connections.removeAll()
  }

  func drop(_ day: Int64) throws(StoreError) {
    close(day)
    // The log first: without its file it would be taken for another day's.
    for suffix in ["-wal", "-shm", ""] where unlink(path(day) + suffix) != 0 && errno != ENOENT {
      throw .failedOpen(errno, "cannot remove a day of request records")
    }
  }

  func bytes() throws(StoreError) -> Int64 {
    var total: Int64 = 0
    for day in try all() {
      for suffix in ["", "-wal"] {
        var status = stat()
        if stat(path(day) + suffix, &status) == 0 { total += Int64(status.st_blocks) * 512 }
      }
    }
    return total
  }

  func claim(_ number: Int64) throws(StoreError) -> Bool { true }

  private func path(_ day: Int64) -> String {
    let date = CivilDate(daysSince1970: day)
    let (month, monthDay) = (
      String(date.month + 100).dropFirst(), String(date.day + 100).dropFirst()
    )
    return "\(folder)/\(date.year)-\(month)-\(monthDay).db"
  }

  private static func day(_ name: String) -> Int64? {
    guard name.hasSuffix(".db") else { return nil }
    let parts = name.dropLast(3).split(separator: "-", omittingEmptySubsequences: false)
      .map { Int64($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else {
      return nil
    }
    return CivilDate(year: year, month: month, day: day)?.daysSince1970
  }
}

/// PostgreSQL: tables with the day's number in their names, and a table that lists the days.
final class TableDays: RecordDays {
  private let connect: () throws(StoreError) -> any SharedConnection
  private let role: SQLiteConnection.Role
  private var connection: (any SharedConnection)?
  private var made: Set<Int64> = []

  init(
    role: SQLiteConnection.Role, connect: @escaping () throws(StoreError) -> any SharedConnection
  ) {
    self.role = role
    self.connect = connect
  }

  private func connected() throws(StoreError) -> any SharedConnection {
    if let connection, connection.isUsable { return connection }
    closeAll()
    let fresh = try connect()
    connection = fresh
    return fresh
  }

  /// Once a connection; only a writer makes tables.
  private func prepared() throws(StoreError) -> any SharedConnection {
    let connection = try connected()
    guard role == .writer, made.isEmpty else { return connection }
    try connection.inTransaction(.migrate) { () throws(StoreError) in
      let types = connection.dialect
      try connection.run(
        """
        CREATE TABLE IF NOT EXISTS record_days (day \(types.integer) NOT NULL, PRIMARY KEY (day)) \
        \(types.table)
        """)
    }
    made.insert(-1)
    return connection
  }

  func all() throws(StoreError) -> [Int64] {
    var days: [Int64] = []
    try prepared().run("SELECT day FROM record_days ORDER BY day DESC", []) {
      (row: any Row) throws(StoreError) in days.append(try row.integer(0))
    }
    return days
  }

  func open(_ day: Int64) throws(StoreError) -> (any Connection)? {
    let connection = try prepared()
    guard role == .writer, !made.contains(day) else { return connection }
    try connection.inTransaction(.migrate) { () throws(StoreError) in
      try connection.run(
        "INSERT INTO record_days (day) VALUES ($1) ON CONFLICT (day) DO NOTHING", [.integer(day)])
      try DayTables(connection, day: day).create()
    }
    made.insert(day)
    return connection
  }

  func close(_ day: Int64) { made.remove(day) }

  func closeAll() {
    connection?.close()
    connection = nil
    made.removeAll()
  }

  func drop(_ day: Int64) throws(StoreError) {
    let connection = try prepared()
    made.remove(day)
    try connection.inTransaction(.migrate) { () throws(StoreError) in
      for name in DayTables(connection, day: day).names {
        try connection.run("DROP TABLE IF EXISTS \(name)")
      }
      try connection.run("DELETE FROM record_days WHERE day = $1", [.integer(day)])
    }
  }

  func bytes() throws(StoreError) -> Int64 {
    var total: Int64 = 0
    for day in try all() {
      for name in DayTables(try connected(), day: day).names {
        total += try connected().bytes(ofTable: name)
      }
    }
    return total
  }

  func claim(_ number: Int64) throws(StoreError) -> Bool { try connected().claim(number) }
}
