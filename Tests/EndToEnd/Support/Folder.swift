// A temporary folder that goes away with its owner, and the few file questions that tests ask.
import Foundation
import TestSupport

final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/latchkey-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp: errno \(errno)") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    // A database server that runs as another user must be able to enter.
    chmod(path, 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)))
    return file(name)
  }

  /// Every regular file below, as its path and bytes.
  static func contents(of path: String) -> [(path: String, bytes: Data)] {
    let found = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return found.compactMap { name in
      let file = "\(path)/\(name)"
      var info = stat()
      guard lstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
      return FileManager.default.contents(atPath: file).map { (file, $0) }
    }
  }
}

enum Place {
  /// The root of the repository.
  static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The built binary, beside the test bundle.
  static let latchkey: String = {
    let bundle =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "latchkey").path
  }()
}

/// A mount namespace of a program's own, where the tests may make one.
enum Namespace {
  static let isAllowed: Bool = {
    guard geteuid() == 0 else { return false }
    return (try? run(launcher("true")).status) == 0
  }()

  /// - Parameter script: what to do before `exec "$@"`; `$0` is the first of `arguments`.
  static func launcher(_ script: String, _ arguments: String...) -> [String] {
    // Where the root is no mount point of its own its propagation cannot be changed.
    let whole = "mount --make-rprivate / 2>/dev/null; " + script
    return ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", whole] + arguments
  }
}

/// A port of the loopback address that nobody holds at this moment.
func freePort() throws -> Int { Int(Loopback.freePort()) }
