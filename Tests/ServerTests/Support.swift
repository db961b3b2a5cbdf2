// A folder for one test, and the command line with everything it would print caught.
import Crypto
import Foundation
import Glibc
import KeyModel
import Synchronization

@testable import Server

final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/latchkey-server-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError(path: "/tmp", code: errno) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
    let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    try Files.writeAll(descriptor, Array(text.utf8), path: name)
    fchmod(descriptor, mode)
    return file(name)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What one command printed and how it ended.
struct Ran: Sendable {
  var exit: ExitCode
  var output: String
  var errors: String
}

final class Caught: Sendable {
  private let texts = Mutex<(output: String, errors: String)>(("", ""))
  func output(_ text: String) { texts.withLock { $0.output += text } }
  func errors(_ text: String) { texts.withLock { $0.errors += text } }
  var all: (output: String, errors: String) { texts.withLock { $0 } }
}

func surroundings(
  _ caught: Caught, variables: [String: String] = [:], input: String = ""
) -> Surroundings {
  Surroundings(
    variables: variables, write: { caught.output($0) }, writeError: { caught.errors($0) },
    readInput: { _ in Array(input.utf8) }, now: SystemClock.now, entropy: SystemEntropy())
}

func latchkey(
  _ words: String..., variables: [String: String] = [:], input: String = ""
) async -> Ran {
  await latchkey(words, variables: variables, input: input)
}

func latchkey(
  _ words: [String], variables: [String: String] = [:], input: String = ""
) async -> Ran {
  let caught = Caught()
  let exit = await Tool(surroundings(caught, variables: variables, input: input)).run(words)
  return Ran(exit: exit, output: caught.all.output, errors: caught.all.errors)
}
