// SQLite's result codes in the store's words. The only thing taken from message text is which rule
// refused a row: SQLite has no other place for it.
import CSQLite
import Glibc

extension StoreError {
  /// From the connection's last error; call at once after the failing call.
  init(sqlite database: OpaquePointer?, sql: String) {
    let code = sqlite3_extended_errcode(database)
    let message = sqlite3_errmsg(database).map { String(cString: $0) } ?? "no memory"
    switch code & 0xff {
    case SQLITE_CONSTRAINT: self = .violated(code, message, sql: sql)
    case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
    case SQLITE_FULL: self = .full
    case SQLITE_READONLY, SQLITE_PERM: self = .readOnly
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: self = .corrupt(message)
    case SQLITE_IOERR: self = .failedInputOutput(sqlite3_system_errno(database), code)
    case SQLITE_CANTOPEN: self = .failedOpen(sqlite3_system_errno(database), message)
    default: self = .statement(sql: sql, message: message)
    }
  }

  private static func violated(_ code: Int32, _ message: String, sql: String) -> StoreError {
    switch code {
    case foreignKeyViolated: .conflict(constraint: Constraint.foreignKey)
    case uniqueViolated, primaryKeyViolated, rowidViolated:
      .conflict(constraint: constraintName(message))
    default: .statement(sql: sql, message: message)
    }
  }

  /// `UNIQUE constraint failed: accounts.project_id, accounts.external_id` names the columns; rules
  /// are named `table_column_column` on both engines.
  private static func constraintName(_ message: String) -> String {
    guard let colon = message.lastIndex(of: ":") else { return "" }
    let columns = message[colon...].dropFirst(2).split(separator: ",").map { column in
      column.split(separator: ".").map { $0.drop { $0 == " " } }
    }
    guard let table = columns.first?.first else { return "" }
    return ([table] + columns.compactMap { $0.count == 2 ? $0[1] : nil }).joined(separator: "_")
  }

  private static func failedInputOutput(_ errno: Int32, _ code: Int32) -> StoreError {
    switch errno {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EROFS: .readOnly
    default: .unavailable("disk input or output failed (SQLite \(code), errno \(errno))")
    }
  }

  static func failedOpen(_ errno: Int32, _ message: String) -> StoreError {
    switch errno {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EROFS, EACCES, EPERM: .readOnly
    default: .unavailable(message)
    }
  }
}

// Extended codes are macros with shifts, which the importer leaves out.
private let foreignKeyViolated = SQLITE_CONSTRAINT | 3 << 8
private let primaryKeyViolated = SQLITE_CONSTRAINT | 6 << 8
private let uniqueViolated = SQLITE_CONSTRAINT | 8 << 8
private let rowidViolated = SQLITE_CONSTRAINT | 10 << 8
