// One process at a time works on a data folder. The lock dies with its holder, so a crash leaves
// nothing to clean up; the file's text only says who holds it.
internal import Glibc
internal import Storage

package final class FolderLock: Sendable {
  private let descriptor: Int32
  private let path: String
  /// The file was not there before.
  private let isNew: Bool

  private init(_ descriptor: Int32, _ path: String, isNew: Bool) {
    self.descriptor = descriptor
    self.path = path
    self.isNew = isNew
  }

  /// Closing alone would not do: a child that another thread is starting holds a copy of the
  /// descriptor until it executes its program, and with it the lock.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes the file away where it came with this lock: what failed to begin leaves nothing.
  func withdraw() { if isNew { Files.remove(path) } }

  /// - Parameter purpose: what stands in the refusal of the next one: `serve`, `init`, ….
  /// - Throws: `refused` where another process holds it, `config` where the folder cannot be used.
  package static func take(_ folder: String, purpose: String) throws(ToolError) -> FolderLock {
    guard let lock = try attempt(folder, purpose: purpose) else {
      throw ToolError(
        .refused, "the data folder \(folder) is in use by \(holder(folder)): stop that first")
    }
    return lock
  }

  /// Nil where another process holds it.
  static func attempt(_ folder: String, purpose: String) throws(ToolError) -> FolderLock? {
    let path = folder + "/latchkey.lock"
    let isNew = !Files.exists(path)
    let descriptor = FolderFile.open(path, O_RDWR | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw ToolError(.config, "cannot use the data folder: \(FileError(path: path, code: errno))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      if code == EWOULDBLOCK { return nil }
      throw ToolError(.config, "cannot lock \(FileError(path: path, code: code))")
    }
    guard isStill(descriptor, path) else {
      // Its holder withdrew it in between, and the next file of that name is another one.
      close(descriptor)
      return try attempt(folder, purpose: purpose)
    }
    let text = Array("latchkey \(purpose), process \(getpid())\n".utf8)
    let written =
      ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text, text.count, 0) == text.count
    guard written else {
      let code = errno
      close(descriptor)
      throw ToolError(.config, "cannot write \(FileError(path: path, code: code))")
    }
    return FolderLock(descriptor, path, isNew: isNew)
  }

  private static func isStill(_ descriptor: Int32, _ path: String) -> Bool {
    var held = stat()
    guard fstat(descriptor, &held) == 0, let named = try? Files.status(path) else { return false }
    return held.st_dev == named.st_dev && held.st_ino == named.st_ino
  }

  static func holder(_ folder: String) -> String {
    guard let bytes = try? Files.read(folder + "/latchkey.lock", limit: 4096), !bytes.isEmpty
    else { return "another process" }
    return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
  }
}
