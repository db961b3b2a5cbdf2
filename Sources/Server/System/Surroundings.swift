// What a command sees of the world: arguments, variables, standard streams, clock and randomness.
// One value, so that a test can stand in for all of it.
package import Crypto
internal import Glibc
package import KeyModel
internal import Synchronization

package struct Surroundings: Sendable {
  /// How this program was called: a line to paste names it so.
  package var program = "latchkey"
  package var variables: [String: String]
  /// Text as it is to stand on standard output and standard error, line ends included.
  package var write: @Sendable (String) -> Void
  package var writeError: @Sendable (String) -> Void
  /// Why text did not get to standard output; nil: all of it did, or nobody reads there any more.
  package var writeFailure: @Sendable () -> (any Error)? = { nil }
  /// Standard input to its end, at most `limit` bytes.
  package var readInput: @Sendable (_ limit: Int) throws -> [UInt8]
  package var now: @Sendable () -> Timestamp
  /// Elapsed time in nanoseconds, from any beginning; never goes back.
  package var elapsed: @Sendable () -> Int64 = { SystemClock.elapsed() }
  package var entropy: any Entropy
  /// Nil but in tests of the binary.
  package var clockShift: ClockShift?

  package init(
    variables: [String: String], write: @escaping @Sendable (String) -> Void,
    writeError: @escaping @Sendable (String) -> Void,
    readInput: @escaping @Sendable (Int) throws -> [UInt8],
    now: @escaping @Sendable () -> Timestamp, entropy: any Entropy
  ) {
    self.variables = variables
    self.write = write
    self.writeError = writeError
    self.readInput = readInput
    self.now = now
    self.entropy = entropy
  }

  package static func process() -> Surroundings {
    let variables = environment()
    let shift = ClockShift(variables)
    let output = StandardOutput()
    var surroundings = Surroundings(
      variables: variables,
      write: { output.write($0) },
      // There is nowhere else to tell that this failed.
      writeError: { try? Files.writeAll(STDERR_FILENO, Array($0.utf8), path: "standard error") },
      readInput: { try Files.read(STDIN_FILENO, path: "standard input", limit: $0) },
      now: {
        let now = SystemClock.now()
        guard let shift else { return now }
        return Timestamp(microseconds: now.microseconds + shift.microseconds)
      },
      entropy: SystemEntropy())
    surroundings.program = CommandLine.arguments.first ?? surroundings.program
    surroundings.clockShift = shift
    surroundings.writeFailure = { output.failure }
    return surroundings
  }

  func line(_ text: String) { write(text + "\n") }
  func errorLine(_ text: String) { writeError(text + "\n") }

  private static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text).split(separator: "=", maxSplits: 1)
      if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
      entry = entry.advanced(by: 1)
    }
    return variables
  }
}

/// Goes on where it cannot be written, and keeps in mind why.
private final class StandardOutput: Sendable {
  private let failed = Mutex<FileError?>(nil)

  var failure: FileError? { failed.withLock { $0 } }

  func write(_ text: String) {
    do {
      try Files.writeAll(STDOUT_FILENO, Array(text.utf8), path: "standard output")
    } catch {
      // Who reads no further, as `head` does, has what he wants.
      if error.code != EPIPE { failed.withLock { $0 = $0 ?? error } }
    }
  }
}

package enum SystemClock {
  package static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  /// Nanoseconds from any beginning; never goes back.
  package static func elapsed() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
