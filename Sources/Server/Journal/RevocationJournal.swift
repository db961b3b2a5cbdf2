// What was ended, apart from the database: appended and synced before a revocation is answered, so
// that a backup restored later cannot bring a revoked key back. Ids only, never a secret. Lines are
// checksummed; a line that a crash cut off was never answered and is passed over.
internal import Crypto
internal import Glibc
internal import KeyModel
internal import Synchronization

final class RevocationJournal: Sendable {
  private struct State: ~Copyable {
    let descriptor: Int32
    var known: Set<Ending>
    /// Not yet on disk: an append that failed is tried again with the next.
    var pending: [Ending] = []
    /// Bytes of whole lines; what a failed append left behind is cut off.
    var size: Int64
  }

  private let path: String
  private let state: Mutex<State>

  /// - Parameter create: make the file where it is missing; else that is `missing`.
  init(_ path: String, create: Bool) throws(JournalError) {
    self.path = path
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0o600)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing(path) : .file(FileError(path: path, code: errno))
    }
    do {
      let bytes = try Files.read(descriptor, path: path, limit: 1 << 30)
      let (endings, whole) = try JournalText.parse(bytes, path: path)
      guard ftruncate(descriptor, Int(whole)) == 0 else {
        throw JournalError.file(FileError(path: path, code: errno))
      }
      if create, let folder = Files.parent(of: path) { try Files.syncFolder(folder) }
      state = Mutex(State(descriptor: descriptor, known: Set(endings), size: whole))
    } catch {
      close(descriptor)
      throw (error as? JournalError)
        ?? .file(error as? FileError ?? FileError(path: path, code: EIO))
    }
  }

  deinit { state.withLock { _ = close($0.descriptor) } }

  var endings: Set<Ending> { state.withLock { $0.known } }

  /// Returns once the endings among these changes, and those that failed before, are on disk.
  func note(_ changes: [RecordChange]) throws(JournalError) {
    let endings = changes.flatMap(Ending.endings(of:))
    let failure: JournalError? = state.withLock { state in
      for ending in endings where state.known.insert(ending).inserted {
        state.pending.append(ending)
      }
      return append(&state)
    }
    if let failure { throw failure }
  }

  private func append(_ state: inout State) -> JournalError? {
    if state.pending.isEmpty { return nil }
    let bytes = Array(state.pending.map(JournalText.line).joined().utf8)
    let descriptor = state.descriptor
    do {
      guard lseek(descriptor, Int(state.size), SEEK_SET) >= 0 else {
        throw FileError(path: path, code: errno)
      }
      try Files.writeAll(descriptor, bytes, path: path)
      guard fdatasync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    } catch {
      _ = ftruncate(descriptor, Int(state.size))
      return .file(error as? FileError ?? FileError(path: path, code: EIO))
    }
    state.size += Int64(bytes.count)
    state.pending.removeAll()
    return nil
  }
}

enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(String)
  case damaged(path: String, line: Int)
  case file(FileError)

  var description: String {
    switch self {
    case .missing(let path): "the revocation journal \(path) is missing"
    case .damaged(let path, let line): "the revocation journal \(path) is damaged at line \(line)"
    case .file(let error): "revocation journal \(error)"
    }
  }
}

/// `key key_… CHECKSUM`, one ending a line.
enum JournalText {
  static func line(_ ending: Ending) -> String {
    let text = ending.text
    return "\(text) \(checksum(text))\n"
  }

  /// The endings, and how many bytes the whole lines take.
  static func parse(
    _ bytes: [UInt8], path: String
  ) throws(JournalError) -> ([Ending], Int64) {
    var endings: [Ending] = []
    var start = 0
    var number = 0
    while let newline = bytes[start...].firstIndex(of: 0x0A) {
      number += 1
      let line = String(decoding: bytes[start..<newline], as: UTF8.self)
      guard let ending = ending(line) else { throw .damaged(path: path, line: number) }
      endings.append(ending)
      start = newline + 1
    }
    return (endings, Int64(start))
  }

  private static func ending(_ line: String) -> Ending? {
    guard let space = line.lastIndex(of: " ") else { return nil }
    let text = String(line[..<space])
    guard line[line.index(after: space)...] == checksum(text) else { return nil }
    return Ending(text)
  }

  private static func checksum(_ text: String) -> String {
    Hex.encode(BLAKE2b.digest(of: Array(text.utf8), count: 8))
  }
}

extension Ending {
  var text: String {
    switch self {
    case .key(let id): "key \(id)"
    case .version(let id, let key, let until): "version \(id) \(key) \(until.microseconds)"
    case .operatorKey(let id): "operator-key \(id)"
    case .account(let id): "account \(id)"
    case .project(let id): "project \(id)"
    }
  }

  init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count >= 2 else { return nil }
    let made: Ending? =
      switch (words[0], words.count) {
      case ("key", 2): KeyID(words[1]).map { .key($0) }
      case ("operator-key", 2): OperatorKeyID(words[1]).map { .operatorKey($0) }
      case ("account", 2): AccountID(words[1]).map { .account($0) }
      case ("project", 2): ProjectID(words[1]).map { .project($0) }
      case ("version", 4): Self.version(words)
      default: nil
      }
    guard let made else { return nil }
    self = made
  }

  private static func version(_ words: [String]) -> Ending? {
    guard let id = VersionID(words[1]), let key = KeyID(words[2]), let until = Int64(words[3])
    else { return nil }
    return .version(id, of: key, until: Timestamp(microseconds: until))
  }
}
