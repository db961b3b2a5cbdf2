// The command line as one value: the table, and the one place where an error becomes a line on
// standard error and an exit code.
internal import KeyModel

package struct Tool: Sendable {
  package static let version = "0.1.0"

  let commands: [Command]
  let groups: [CommandGroup]
  private let surroundings: Surroundings

  package init(_ surroundings: Surroundings) {
    self.surroundings = surroundings
    commands = CommandTable.all
    groups = CommandTable.groups
  }

  /// - Parameter words: the command line without the program's name.
  package func run(_ words: [String]) async -> ExitCode {
    do {
      switch try Parser(commands: commands).parse(words) {
      case .help(let path):
        surroundings.write(Help(commands: commands, groups: groups).text(for: path))
      case .run(let command, let arguments, let flags):
        try await command.run(
          Invocation(
            command: command, arguments: arguments, flags: flags, surroundings: surroundings))
      }
      if let failure = surroundings.writeFailure() {
        throw ToolError(.failure, "\(failure): not all of the answer was written")
      }
      return .ok
    } catch let error as ToolError {
      surroundings.errorLine("latchkey: \(error.message)")
      return error.exit
    } catch {
      surroundings.errorLine("latchkey: \(Failure.line(error))")
      return Failure.exit(error)
    }
  }
}
