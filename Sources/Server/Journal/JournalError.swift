// Why a journal cannot be used: each is one line that says which file and what is wrong with it.

enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(String)
  /// It has not even its first line.
  case emptied(String)
  case damaged(path: String, line: Int)
  /// The database knows more of this journal than is in it.
  case cut(path: String, known: Int, found: Int)
  /// What the database knows of it is not what is in it.
  case changed(path: String, line: Int)
  /// The database does not know it: it is another server's.
  case strange(String)
  /// It begins after what is to be restored, and misses what was taken away before.
  case tooYoung(String)
  case file(FileError)

  /// Whether the file is there and whole, but not this database's.
  var isUnfit: Bool {
    switch self {
    case .missing, .file: false
    case .emptied, .damaged, .cut, .changed, .strange, .tooYoung: true
    }
  }

  var description: String {
    switch self {
    case .missing(let path): "the revocation journal \(path) is missing"
    case .emptied(let path): "the revocation journal \(path) is empty"
    case .damaged(let path, let line): "the revocation journal \(path) is damaged at line \(line)"
    case .cut(let path, let known, let found):
      "the revocation journal \(path) was cut off: it has \(found) lines, \(known) were written"
    case .changed(let path, let line):
      "the revocation journal \(path) was replaced: it differs from line \(line) or before"
    case .strange(let path): "the revocation journal \(path) belongs to another server"
    case .tooYoung(let path):
      "the revocation journal \(path) begins after the backup: what was revoked before is not in it"
    case .file(let error): "revocation journal \(error)"
    }
  }
}
