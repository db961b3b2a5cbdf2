// What was taken away, apart from the database: appended and synced before a change is answered, so
// that a backup restored later cannot bring it back. Ids and bounds only, never a secret. The
// database keeps the journal's mark, so that neither can be replaced behind the other's back.
internal import Crypto
internal import Glibc
internal import KeyModel
internal import Storage
internal import Synchronization

/// What a database knows of a journal.
struct JournalMark: Hashable, Sendable {
  /// Lines, and the hash in the last of them.
  var count: Int
  var hash: String
  /// In the change feed: everything up to there is in the journal.
  var position: Int64
}

final class RevocationJournal: Sendable {
  private struct State: ~Copyable {
    let descriptor: Int32
    var known = RestraintLedger()
    /// Not yet on disk: an append that failed is tried again with the next.
    var pending: [JournalLine] = []
    var count = 0
    var hash = ""
    /// Bytes of whole lines; what a failed append left behind is cut off.
    var size: Int64 = 0
    var failure: JournalError?
  }

  let id: String
  private let path: String
  private let state: Mutex<State>

  /// Opens what is there.
  init(_ path: String) throws(JournalError) {
    self.path = path
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing(path) : .file(FileError(path: path, code: errno))
    }
    do {
      let text = try Self.read(descriptor, path)
      guard ftruncate(descriptor, text.size) == 0 else {
        throw JournalError.file(FileError(path: path, code: errno))
      }
      var state = State(descriptor: descriptor)
      for restraint in text.restraints() { state.known.learn(restraint) }
      (state.count, state.hash, state.size) = (text.lines.count, text.head, Int64(text.size))
      self.state = Mutex(state)
      id = text.id
    } catch {
      close(descriptor)
      throw (error as? JournalError)
        ?? .file(error as? FileError ?? FileError(path: path, code: EIO))
    }
  }

  /// A new journal, whole or not there at all after a crash.
  static func create(
    _ path: String, from place: FeedPlace, entropy: any Entropy
  ) throws(JournalError) -> RevocationJournal {
    let lines: [JournalLine] = [
      .journal(id: Hex.encode(entropy.bytes(8))), .complete(from: place),
    ]
    let (bytes, _) = Self.bytes(of: lines, after: "")
    let unfinished = path + ".new"
    do {
      Files.remove(unfinished)
      let descriptor = FolderFile.open(unfinished, O_WRONLY | O_EXCL)
      guard descriptor >= 0 else { throw FileError(path: unfinished, code: errno) }
      defer { close(descriptor) }
      try Files.writeAll(descriptor, bytes, path: unfinished)
      guard fsync(descriptor) == 0 else { throw FileError(path: unfinished, code: errno) }
      try Files.rename(unfinished, to: path)
      if let folder = Files.parent(of: path) { try Files.syncFolder(folder) }
    } catch {
      throw .file(error as? FileError ?? FileError(path: path, code: EIO))
    }
    return try RevocationJournal(path)
  }

  deinit { state.withLock { _ = close($0.descriptor) } }

  /// Read anew from the file.
  func text() throws(JournalError) -> JournalText {
    let result: Result<JournalText, JournalError> = state.withLock { state in
      do throws(JournalError) {
        return .success(try Self.read(state.descriptor, path))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func read(
    _ descriptor: Int32, _ path: String
  ) throws(JournalError) -> JournalText {
    let bytes: [UInt8]
    do throws(FileError) {
      guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError(path: path, code: errno) }
      bytes = try Files.read(descriptor, path: path, limit: 1 << 30)
    } catch { throw .file(error) }
    return try JournalText(bytes, path: path)
  }

  var counts: (lines: Int, hash: String) { state.withLock { ($0.count, $0.hash) } }

  /// Why the last append failed; nil where everything is on disk.
  var failure: JournalError? { state.withLock { $0.failure } }

  /// Returns once what these changes took away, and what failed before, is on disk.
  func note(_ changes: [RecordChange]) throws(JournalError) {
    try append { state in
      changes.flatMap { state.known.learn($0) }.map { .restraint($0) }
    }
  }

  /// Says that something before `place` may be missing.
  func begin(at place: FeedPlace) throws(JournalError) {
    try append { _ in [.complete(from: place)] }
  }

  private func append(_ lines: (inout State) -> [JournalLine]) throws(JournalError) {
    let failure: JournalError? = state.withLock { state in
      let new = lines(&state)
      state.pending += new
      state.failure = flush(&state)
      return state.failure
    }
    if let failure { throw failure }
  }

  private func flush(_ state: inout State) -> JournalError? {
    if state.pending.isEmpty { return nil }
    let (bytes, hash) = Self.bytes(of: state.pending, after: state.hash)
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
    state.count += state.pending.count
    state.hash = hash
    state.pending.removeAll()
    return nil
  }

  private static func bytes(
    of lines: [JournalLine], after hash: String
  ) -> ([UInt8], hash: String) {
    var hash = hash
    var text = ""
    for line in lines {
      hash = JournalText.hash(hash, line)
      text += "\(line.text) \(hash)\n"
    }
    return (Array(text.utf8), hash)
  }
}
