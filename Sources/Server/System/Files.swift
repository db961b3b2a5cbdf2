// Small files and folders by their descriptors, with errno told in words. No policy here: who may
// read what is decided by the callers.
internal import Glibc

package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  package var path: String
  package var code: Int32
  package var description: String { "\(path): \(Files.text(of: code))" }
}

package enum Files {
  static func text(of code: Int32) -> String { String(cString: strerror(code)) }

  /// At most `limit` bytes; more is `EFBIG`.
  static func read(_ path: String, limit: Int = 1 << 20) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { close(descriptor) }
    return try read(descriptor, path: path, limit: limit)
  }

  static func read(_ descriptor: Int32, path: String, limit: Int) throws(FileError) -> [UInt8] {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let got = Glibc.read(descriptor, &chunk, chunk.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw FileError(path: path, code: errno) }
      if got == 0 { return all }
      all += chunk[..<got]
      if all.count > limit { throw FileError(path: path, code: EFBIG) }
    }
  }

  static func writeAll(
    _ descriptor: Int32, _ bytes: [UInt8], path: String
  ) throws(FileError) {
    var sent = 0
    while sent < bytes.count {
      let got = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw FileError(path: path, code: got == 0 ? EIO : errno) }
      sent += got
    }
  }

  /// Makes a folder of mode 0700, parents too. True where it was not there.
  @discardableResult
  static func makeFolder(_ path: String) throws(FileError) -> Bool {
    if mkdir(path, 0o700) == 0 { return true }
    if errno == ENOENT, let parent = parent(of: path), parent != path {
      try makeFolder(parent)
      if mkdir(path, 0o700) == 0 { return true }
    }
    if errno == EEXIST, isFolder(path) { return false }
    throw FileError(path: path, code: errno == EEXIST ? ENOTDIR : errno)
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Mode bits and owner, of the thing itself where it is a symbolic link.
  static func status(_ path: String) throws(FileError) -> stat {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw FileError(path: path, code: errno) }
    return status
  }

  /// Nothing happens where there is none.
  static func remove(_ path: String) { _ = unlink(path) }

  /// Nothing happens where there is none, or something in it.
  static func removeFolder(_ path: String) { _ = rmdir(path) }

  static func rename(_ from: String, to path: String) throws(FileError) {
    guard Glibc.rename(from, path) == 0 else { throw FileError(path: path, code: errno) }
  }

  /// As the process that is asked to open it must be told.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  static func syncFolder(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
  }

  static func parent(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
