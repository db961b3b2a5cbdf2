// Starts programs and ends them by their process id, never by name. Output goes to files, so that
// nothing blocks on a full pipe and a test can search it afterwards.
import Foundation

struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A running program. Killed when its last owner lets go of it.
final class Child: @unchecked Sendable {
  let pid: pid_t
  let name: String
  let outputPath: String
  let errorPath: String
  private let lock = NSLock()
  private var ended: Int32?

  /// - Parameters:
  ///   - arguments: the program, looked up on PATH where it has no slash, and its arguments.
  ///   - environment: added to the test's own, without any LATCHKEY_ setting.
  ///   - folder: where its output goes: `NAME.out` and `NAME.err`, appended to.
  init(
    _ arguments: [String], environment: [String: String] = [:], folder: String, name: String
  ) throws {
    self.name = name
    outputPath = "\(folder)/\(name).out"
    errorPath = "\(folder)/\(name).err"
    pid = try Self.spawn(
      arguments, Self.environment(adding: environment), outputPath, errorPath)
    Running.add(pid)
  }

  deinit {
    if status == nil { stop(SIGKILL) }
  }

  /// The exit code, 128 + the signal, or nil while it runs.
  var status: Int32? { reap(WNOHANG) }

  var output: String { Self.read(outputPath) }
  var errors: String { Self.read(errorPath) }

  /// Sends the signal and waits for the end.
  @discardableResult
  func stop(_ signal: Int32 = SIGTERM, seconds: Double = 40) -> Int32 {
    if status == nil { kill(pid, signal) }
    if let status = try? wait(seconds: seconds) { return status }
    kill(pid, SIGKILL)
    return reap(0) ?? -1
  }

  /// The exit code; throws where the program still runs after `seconds`.
  func wait(seconds: Double) throws -> Int32 {
    var result: Int32?
    let done = poll(seconds: seconds) {
      result = status
      return result != nil
    }
    guard done, let result else { throw Failure("\(name) still runs after \(seconds) s") }
    return result
  }

  private func reap(_ options: Int32) -> Int32? {
    lock.lock()
    defer { lock.unlock() }
    if let ended { return ended }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, options) == pid else { return nil }
    Running.remove(pid)
    ended = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    return ended
  }

  private static func read(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  private static func environment(adding: [String: String]) -> [String] {
    var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LATCHKEY_") }
    all["CREDENTIALS_DIRECTORY"] = nil
    all["http_proxy"] = nil
    all["LC_ALL"] = "C.UTF-8"
    all.merge(adding) { $1 }
    return all.map { "\($0.key)=\($0.value)" }
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String], _ output: String, _ errors: String
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o644)
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, arguments[0], &actions, nil, &argv, &envp)
    guard code == 0 else {
      throw Failure("cannot start \(arguments[0]): \(String(cString: strerror(code)))")
    }
    return pid
  }
}

/// Worlds that a suite keeps for all its tests are let go of by nobody: what they run ends with the
/// tests' own process.
private enum Running {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var pids: Set<pid_t> = []
  private static let hook: Void = { atexit { Running.end() } }()

  static func add(_ pid: pid_t) {
    _ = hook
    lock.withLock { _ = pids.insert(pid) }
  }

  static func remove(_ pid: pid_t) { lock.withLock { _ = pids.remove(pid) } }

  private static func end() { lock.withLock { for pid in pids { kill(pid, SIGKILL) } } }
}

struct Finished {
  var status: Int32
  var output: String
  var errors: String
}

/// Runs a program to its end.
func run(
  _ arguments: [String], environment: [String: String] = [:], seconds: Double = 120
) throws -> Finished {
  let folder = try Folder()
  let child = try Child(arguments, environment: environment, folder: folder.path, name: "run")
  let status = try child.wait(seconds: seconds)
  return Finished(status: status, output: child.output, errors: child.errors)
}

/// Asks until it is so, every 5 ms; false where it was not in time.
func poll(seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
  let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
  while true {
    if try condition() { return true }
    if DispatchTime.now().uptimeNanoseconds > end { return false }
    usleep(5000)
  }
}
