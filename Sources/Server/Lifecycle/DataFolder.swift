// The names inside a data folder, and what a folder must be like before anything in it is used.
internal import Glibc

package struct DataFolder: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var masterKey: String { path + "/master.key" }
  package var database: String { path + "/latchkey.db" }
  package var socket: String { path + "/latchkey.sock" }
  package var journal: String { path + "/revocations.journal" }

  /// Set aside when the operator said that it is not the right one.
  var strangeJournal: String { journal + ".refused" }

  /// Makes the folder where it is missing: mode 0700. True where it was not there.
  @discardableResult
  func make() throws(ToolError) -> Bool {
    let isNew: Bool
    do { isNew = try Files.makeFolder(path) } catch {
      throw ToolError(.config, "cannot make the data folder \(error)")
    }
    try check()
    return isNew
  }

  /// Why nothing more can be written here, as far as the file system tells; nil where it can. Space
  /// counts as gone before the last byte is: a small write that still fits proves nothing.
  func fault() -> String? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return "\(FileError(path: path, code: errno))" }
    if status.f_flag & UInt(ST_RDONLY) != 0 || access(path, W_OK | X_OK) != 0 {
      return "the data folder \(path) is read-only"
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    return free < Self.leastFree ? "the disk under \(path) is full" : nil
  }

  /// Bytes.
  private static let leastFree: UInt64 = 1 << 20

  /// - Throws: `config` with what is wrong and what to do.
  package func check() throws(ToolError) {
    let status: stat
    do { status = try Files.status(path) } catch {
      throw ToolError(.config, "data folder \(error): run latchkey init --data \(path)")
    }
    guard Files.isFolder(path) else { throw ToolError(.config, "\(path) is no folder") }
    guard status.st_mode & S_IFMT == S_IFLNK || status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o7777, radix: 8)
      throw ToolError(
        .config, "data folder \(path) is open to others (mode 0\(mode)): chmod 0700 \(path)")
    }
    guard access(path, W_OK | X_OK) == 0 else {
      throw ToolError(
        .config, "cannot write to the data folder \(FileError(path: path, code: errno))")
    }
  }
}
