// Where the days of the log lie, which is all that the engines differ in: an index and a file of
// blocks a day, or a few tables a day in one database. A day is dropped whole, without reading it.
import Glibc
internal import KeyModel

/// Connections to the days of one log, used by one thread at a time.
protocol RecordDays: AnyObject {
  /// All that are there, newest first.
  func all() throws(StoreError) -> [Int64]
  /// Nil where the day is not there; a writer makes it.
  func open(_ day: Int64) throws(StoreError) -> DayTables?
  /// Lets go of a day's connection, where it has one of its own.
  func close(_ day: Int64)
  func closeAll()
  /// Writers only. Removes a day, or a large piece of it: false where more is left.
  func drop(_ day: Int64) throws(StoreError) -> Bool
  /// Bytes that the records take on disk.
  func bytes() throws(StoreError) -> Int64
  /// Holds `number` for as long as the writer's connections last; false where another process holds
  /// it.
  func claim(_ number: Int64) throws(StoreError) -> Bool
}

/// SQLite: `2026-11-21.db` and its log with the index, `2026-11-21.blocks` with the records, in a
/// folder that belongs to one process. Days of earlier builds have their blocks in the index.
final class FileDays: RecordDays {
  private let folder: String
  private let role: SQLiteConnection.Role
  private let turns: ReadTurns
  private var opened: [Int64: (connection: SQLiteConnection, tables: DayTables)] = [:]

  /// - Parameter turns: those of all readers of the folder.
  init(folder: String, role: SQLiteConnection.Role, turns: ReadTurns) {
    self.folder = folder
    self.role = role
    self.turns = turns
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
    for day in opened.keys where !days.contains(day) { close(day) }
    return days
  }

  func open(_ day: Int64) throws(StoreError) -> DayTables? {
    if let day = opened[day], day.connection.isUsable { return day.tables }
    if access(path(day), F_OK) != 0 {
      if role == .reader { return nil }
      try make(day)
    }
    let connection = try SQLiteConnection(path: path(day), role: role, contents: .records)
    let tables = DayTables(connection, try blocks(of: day, connection), day: day)
    opened[day] = (connection, tables)
    return tables
  }

  private func blocks(
    of day: Int64, _ connection: SQLiteConnection
  ) throws(StoreError) -> any BlockStore {
    var isInside = false
    try connection.run(
      "SELECT 1 FROM sqlite_master WHERE name = $1", [.text(TableBlocks.table(day))]
    ) { (_: any Row) throws(StoreError) in isInside = true }
    if isInside { return TableBlocks(connection, day: day) }
    return try FileBlocks(path: path(day, "blocks"), role: role, turns: turns)
  }

  /// Under another name until its tables are there, so that no reader meets it without them.
  private func make(_ day: Int64) throws(StoreError) {
    guard FolderFile.makeFolder(folder) == 0 || errno == EEXIST else {
      throw .failedOpen(errno, "cannot make the folder of request records")
    }
    let unfinished = path(day) + ".new"
    for suffix in ["", "-wal", "-shm"] { unlink(unfinished + suffix) }
    let connection = try SQLiteConnection(path: unfinished, role: .writer, contents: .records)
    defer { connection.close() }
    try connection.inTransaction(.write) { () throws(StoreError) in
      try DayTables(connection, try blocks(of: day, connection), day: day).create()
    }
    connection.close()
    guard rename(unfinished, path(day)) == 0 else {
      throw .failedOpen(errno, "cannot name a day of request records")
    }
  }

  func close(_ day: Int64) {
    guard let connection = opened.removeValue(forKey: day)?.connection else { return }
    // A reader may stand in the way of the last connection's own checkpoint.
    if role == .writer { connection.checkpoint() }
    connection.close()
  }

  func closeAll() {
    for day in opened.values { day.connection.close() }
    opened.removeAll()
  }

  /// Bytes of a file that the system gives back in some ten milliseconds.
  private static let piece = 64 << 20

  func drop(_ day: Int64) throws(StoreError) -> Bool {
    close(day)
    let blocks = path(day, "blocks")
    var status = stat()
    if stat(blocks, &status) == 0, status.st_size > Self.piece {
      guard truncate(blocks, status.st_size - Self.piece) == 0 else {
        throw .failedOpen(errno, "cannot cut a day of request records")
      }
      return false
    }
    // The log first: without its file it would be taken for another day's. The index last: a day
    // without it is not seen again.
    for name in ["db-wal", "db-shm", "blocks", "db"]
    where unlink(path(day, name)) != 0 && errno != ENOENT {
      throw .failedOpen(errno, "cannot remove a day of request records")
    }
    return true
  }

  func bytes() throws(StoreError) -> Int64 {
    var total: Int64 = 0
    for day in try all() {
      for name in ["db", "db-wal", "blocks"] {
        var status = stat()
        if stat(path(day, name), &status) == 0 { total += Int64(status.st_blocks) * 512 }
      }
    }
    return total
  }

  func claim(_ number: Int64) throws(StoreError) -> Bool { true }

  private func path(_ day: Int64, _ kind: String = "db") -> String {
    let date = CivilDate(daysSince1970: day)
    let (month, monthDay) = (
      String(date.month + 100).dropFirst(), String(date.day + 100).dropFirst()
    )
    return "\(folder)/\(date.year)-\(month)-\(monthDay).\(kind)"
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

  func open(_ day: Int64) throws(StoreError) -> DayTables? {
    let connection = try prepared()
    let blocks = TableBlocks(connection, day: day)
    let tables = DayTables(connection, blocks, day: day)
    guard role == .writer, !made.contains(day) else { return tables }
    try connection.inTransaction(.migrate) { () throws(StoreError) in
      try connection.run(
        "INSERT INTO record_days (day) VALUES ($1) ON CONFLICT (day) DO NOTHING", [.integer(day)])
      try tables.create()
      try blocks.create()
    }
    made.insert(day)
    return tables
  }

  func close(_ day: Int64) { made.remove(day) }

  func closeAll() {
    connection?.close()
    connection = nil
    made.removeAll()
  }

  func drop(_ day: Int64) throws(StoreError) -> Bool {
    let connection = try prepared()
    made.remove(day)
    try connection.inTransaction(.migrate) { () throws(StoreError) in
      for name in Self.names(connection, day) {
        try connection.run("DROP TABLE IF EXISTS \(name)")
      }
      try connection.run("DELETE FROM record_days WHERE day = $1", [.integer(day)])
    }
    return true
  }

  func bytes() throws(StoreError) -> Int64 {
    var total: Int64 = 0
    for day in try all() {
      for name in Self.names(try connected(), day) {
        total += try connected().bytes(ofTable: name)
      }
    }
    return total
  }

  func claim(_ number: Int64) throws(StoreError) -> Bool { try connected().claim(number) }

  private static func names(_ connection: any Connection, _ day: Int64) -> [String] {
    DayTables(connection, TableBlocks(connection, day: day), day: day).names
      + [TableBlocks.table(day)]
  }
}
