// How a command ends: the documented exit codes, and the one error type that carries one. The text
// of an error is one line that says what, where, and what to do; never a secret.

package enum ExitCode: Int32, Sendable, CaseIterable {
  case ok = 0
  case failure = 1
  case usage = 2
  /// Configuration or credentials.
  case config = 3
  case notFound = 4
  /// Refused by a limit or a conflict.
  case refused = 5
  case unreachable = 6
  /// `keys verify`: the key is not valid.
  case notValid = 10
  case interrupted = 130

  package var meaning: String {
    switch self {
    case .ok: "done"
    case .failure: "failure"
    case .usage: "usage: the command line is not right"
    case .config: "configuration or credentials"
    case .notFound: "not found"
    case .refused: "refused by a limit or a conflict"
    case .unreachable: "server or store unreachable"
    case .notValid: "the key is not valid (keys verify)"
    case .interrupted: "interrupted"
    }
  }
}

package struct ToolError: Error, Hashable, Sendable, CustomStringConvertible {
  package var exit: ExitCode
  package var message: String
  package init(_ exit: ExitCode, _ message: String) {
    self.exit = exit
    self.message = message
  }
  package var description: String { message }
}
