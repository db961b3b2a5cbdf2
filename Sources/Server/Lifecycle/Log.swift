// Log lines: one JSON object each on standard error, for warnings and errors only. Whatever comes
// in here must already be free of secrets.
package import KeyModel

package struct Log: Sendable {
  private let write: @Sendable (String) -> Void
  private let now: @Sendable () -> Timestamp

  package init(
    write: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Timestamp
  ) {
    self.write = write
    self.now = now
  }

  init(_ surroundings: Surroundings) {
    self.init(write: surroundings.writeError, now: surroundings.now)
  }

  func warning(_ message: String) { line("warning", message) }
  func error(_ message: String) { line("error", message) }

  private func line(_ level: String, _ message: String) {
    let value: JSONValue = [
      "time": .string(RFC3339.format(now())), "level": .string(level),
      "message": .string(message),
    ]
    write(JSONWriter.compactText(value) + "\n")
  }
}
