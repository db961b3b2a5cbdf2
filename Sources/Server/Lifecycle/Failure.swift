// Errors of the rooms below as one line and an exit code. Texts of the system and of the database
// may be shown; arguments and secrets are never in them.
internal import Crypto
internal import HTTPServer
internal import Management
internal import Storage

enum Failure {
  static func line(_ error: any Error) -> String {
    switch error {
    case let error as ToolError: error.message
    case let error as StoreError: text(error)
    case let error as DumpError: text(error)
    case let error as Problem: "\(error.code.rawValue): \(error.detail)"
    default: "\(error)"
    }
  }

  static func exit(_ error: any Error) -> ExitCode {
    switch error {
    case let error as ToolError: error.exit
    case let error as StoreError: exit(error)
    case is KeyringError, is MasterKeyError, is ListenError, is JournalError: .config
    case let error as FileError: error.code == 28 ? .failure : .config
    default: .failure
    }
  }

  private static func text(_ error: DumpError) -> String {
    switch error {
    case .file(let code): "the backup cannot be read or written: \(Files.text(of: code))"
    case .notADump: "that is no backup of latchkey"
    case .otherSchema(let found, let known):
      "the backup has schema \(found), this program \(known): restore it with the version that "
        + "wrote it, then migrate"
    case .malformed(let line): "the backup is damaged at line \(line)"
    case .damaged: "the backup is not whole: it was cut off or changed"
    case .notEmpty: "the store to restore into is not empty"
    }
  }

  private static func text(_ error: StoreError) -> String {
    switch error {
    case .unavailable(let reason): "the database cannot be opened: \(reason)"
    case .denied(let reason):
      "the database is not open to this user: \(reason): check user, password and database in "
        + "the database URL"
    case .notOurs(let reason):
      "the tables of latchkey cannot be made in this database: \(reason): give latchkey a "
        + "database or schema of its own, in which its user may make tables"
    case .malformedURL:
      "the database URL cannot be read: want postgres://USER@HOST:PORT/NAME, with special "
        + "characters as %XX"
    case .full: "the disk (or quota) under the database is full: make room"
    case .readOnly:
      "the database cannot be written: check owner and mode of the data folder, or, with "
        + "PostgreSQL, whether the server is a standby or set to read-only"
    case .busy: "the database is held by another process: stop that first"
    case .corrupt(let reason): "the database is damaged: \(reason): restore a backup"
    case .schemaTooNew(let found, let known):
      "the database has schema \(found), this program knows \(known): use a newer latchkey"
    case .outcomeUnknown: "the connection to the database was lost: the change may have happened"
    default: "the database refused: \(error)"
    }
  }

  private static func exit(_ error: StoreError) -> ExitCode {
    switch error {
    case .unavailable: .unreachable
    case .readOnly, .schemaTooNew, .malformedURL, .denied, .notOurs: .config
    case .busy, .conflict, .stale: .refused
    default: .failure
    }
  }
}
