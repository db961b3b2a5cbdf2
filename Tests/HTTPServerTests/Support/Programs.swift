// Runs the system's programs that tests lean on: openssl, curl and nginx.

import Glibc

/// A folder of its own, removed with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/latchkey-http-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw ProgramFailed(command: ["mkdtemp"], status: errno)
    }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { try? Programs.run(["rm", "-rf", path]) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    guard let stream = fopen(file, "w") else { throw ProgramFailed(command: [file], status: errno) }
    fputs(text, stream)
    fclose(stream)
    return file
  }
}

struct ProgramFailed: Error {
  var command: [String]
  var status: Int32
}

enum Programs {
  /// Starts without input and with its output dropped; the process's id.
  static func start(_ command: [String]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    let code = posix_spawnp(&process, command[0], &actions, nil, &arguments, environ)
    guard code == 0 else { throw ProgramFailed(command: command, status: code) }
    return process
  }

  static func run(_ command: [String]) throws {
    let status = wait(try start(command))
    guard status == 0 else { throw ProgramFailed(command: command, status: status) }
  }

  @discardableResult
  static func wait(_ process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
