// Where the master key comes from, and how its file is guarded: systemd credential, then a file
// that only its owner may read, then an environment variable with a warning. Nothing else may read
// the file, and no error here may quote it.
internal import Glibc

package enum MasterKeyError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(looked: [String])
  case unreadable(path: String, reason: String)
  case symbolicLink(path: String)
  case notAFile(path: String)
  case tooOpen(path: String, mode: UInt32)
  case wrongOwner(path: String, owner: UInt32)
  case tooLarge(path: String)
  /// Line 0: there is no key in it.
  case malformed(path: String, line: Int)
  case exists(path: String)
  case unwritable(path: String, reason: String)

  package var description: String {
    switch self {
    case .missing(let looked):
      "no master key: looked for \(looked.joined(separator: ", "))"
    case .unreadable(let path, let reason): "master key \(path) cannot be read: \(reason)"
    case .symbolicLink(let path): "master key \(path) is a symbolic link: put the file itself there"
    case .notAFile(let path): "master key \(path) is no regular file"
    case .tooOpen(let path, let mode):
      "master key \(path) is open to others (mode 0\(String(mode, radix: 8))): chmod 0400 \(path)"
    case .wrongOwner(let path, let owner):
      "master key \(path) belongs to uid \(owner), not to the user that runs this: chown it"
    case .tooLarge(let path): "master key \(path) is larger than 4096 bytes"
    case .malformed(let path, let line):
      line == 0
        ? "master key \(path) holds no key"
        : "master key \(path) line \(line): want 64 hexadecimal digits"
    case .exists(let path): "master key \(path) exists already: it is never overwritten"
    case .unwritable(let path, let reason): "master key \(path) cannot be written: \(reason)"
    }
  }
}

package struct LoadedMasterKeys: Sendable {
  package let keys: MasterKeys
  /// The path, or the variable's name.
  package let source: String
  package let warning: String?
}

package enum MasterKeyFile {
  package static let variable = "LATCHKEY_MASTER_KEY"
  static let maximumBytes = 4096

  /// - Parameters:
  ///   - credentialsDirectory: value of `CREDENTIALS_DIRECTORY`.
  ///   - path: the data folder's own file.
  ///   - environmentValue: value of `LATCHKEY_MASTER_KEY`.
  /// - Throws: where a source exists but is not safe or not whole; the next one is then not tried.
  package static func load(
    credentialsDirectory: String?, path: String, environmentValue: String?
  ) throws(MasterKeyError) -> LoadedMasterKeys {
    var looked: [String] = []
    for name in ["latchkey-master-key", "master-key"] {
      guard let folder = credentialsDirectory, !folder.isEmpty else { break }
      let path = folder + "/" + name
      looked.append(path)
      // The service manager owns this folder and may own its files.
      if let keys = try read(path, forbidden: 0o007, mustOwn: false) {
        return LoadedMasterKeys(keys: keys, source: path, warning: nil)
      }
    }
    looked += [path, "$" + variable]
    if let keys = try read(path, forbidden: 0o077, mustOwn: true) {
      return LoadedMasterKeys(keys: keys, source: path, warning: nil)
    }
    guard let environmentValue, !environmentValue.isEmpty else { throw .missing(looked: looked) }
    let keys = try parse(Array(environmentValue.utf8), path: "$" + variable)
    return LoadedMasterKeys(
      keys: keys, source: "$" + variable,
      warning: "the master key comes from \(variable): every child process and "
        + "/proc/PID/environ can see it; prefer a file or a systemd credential")
  }

  /// A new file (mode 0400) with these keys; never overwrites.
  package static func create(_ keys: MasterKeys, at path: String) throws(MasterKeyError) {
    try write(keys, to: path, replacing: false)
  }

  /// Puts these keys in the file's place in one step, so that a crash leaves the old or the new.
  package static func replace(_ keys: MasterKeys, at path: String) throws(MasterKeyError) {
    let temporary = path + ".new"
    if unlink(temporary) != 0, errno != ENOENT {
      throw .unwritable(path: temporary, reason: reason())
    }
    try write(keys, to: temporary, replacing: true)
    guard rename(temporary, path) == 0 else { throw .unwritable(path: path, reason: reason()) }
    try syncFolder(of: path)
  }

  private static func read(
    _ path: String, forbidden: UInt32, mustOwn: Bool
  ) throws(MasterKeyError) -> MasterKeys? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: return nil
      case ELOOP: throw .symbolicLink(path: path)
      default: throw .unreadable(path: path, reason: reason())
      }
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: reason())
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    guard status.st_mode & forbidden == 0 else {
      throw .tooOpen(path: path, mode: status.st_mode & 0o7777)
    }
    guard !mustOwn || status.st_uid == geteuid() || isOfFolder(status.st_uid, path) else {
      throw .wrongOwner(path: path, owner: status.st_uid)
    }
    guard status.st_size <= maximumBytes else { throw .tooLarge(path: path) }
    return try parse(try readAll(descriptor, path: path), path: path)
  }

  private static func readAll(
    _ descriptor: Int32, path: String
  ) throws(MasterKeyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw .unreadable(path: path, reason: reason()) }
      if got == 0 { break }
      count += got
    }
    guard count <= maximumBytes else { throw .tooLarge(path: path) }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private static func parse(
    _ bytes: consuming [UInt8], path: String
  ) throws(MasterKeyError) -> MasterKeys {
    defer { bytes.withUnsafeMutableBytes { Sodium.zero($0) } }
    switch bytes.withUnsafeBytes({ MasterKeyText.parse($0) }) {
    case .keys(let keys): return keys
    case .badLine(let line): throw .malformed(path: path, line: line)
    }
  }

  private static func write(
    _ keys: MasterKeys, to path: String, replacing: Bool
  ) throws(MasterKeyError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o400)
    guard descriptor >= 0 else {
      if errno == EEXIST, !replacing { throw .exists(path: path) }
      throw .unwritable(path: path, reason: reason())
    }
    defer { close(descriptor) }
    handOver(descriptor, path)
    var failed = fchmod(descriptor, 0o400) != 0
    for key in keys.all where !failed {
      failed = key.line().withBytes {
        Glibc.write(descriptor, $0.baseAddress!, $0.count) != $0.count
      }
    }
    if failed || fsync(descriptor) != 0 {
      let why = reason()
      unlink(path)
      throw .unwritable(path: path, reason: why)
    }
    try syncFolder(of: path)
  }

  /// What root makes in the folder of a server's user is that user's to read.
  private static func handOver(_ descriptor: Int32, _ path: String) {
    var owner = stat()
    guard geteuid() == 0, stat(folder(of: path), &owner) == 0, owner.st_uid != 0 else { return }
    // Where this is refused the file system has owners of its own.
    _ = fchown(descriptor, owner.st_uid, owner.st_gid)
  }

  /// Root looks after the folders of others, with the keys of those whose folders they are.
  private static func isOfFolder(_ user: uid_t, _ path: String) -> Bool {
    var owner = stat()
    return geteuid() == 0 && stat(folder(of: path), &owner) == 0 && owner.st_uid == user
  }

  private static func folder(of path: String) -> String {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    return folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
  }

  private static func syncFolder(of path: String) throws(MasterKeyError) {
    let descriptor = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: reason()) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: path, reason: reason()) }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
