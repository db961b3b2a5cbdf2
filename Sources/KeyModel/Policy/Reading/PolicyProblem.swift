// What is wrong with a policy, in words for the person who wrote it.

package struct PolicyProblem: Hashable, Sendable, CustomStringConvertible {
  /// Where in the policy document.
  package var pointer: JSONPointer
  package var message: String
  package init(pointer: JSONPointer, message: String) {
    self.pointer = pointer
    self.message = message
  }
  package var description: String { "\(pointer): \(message)" }
}

/// A policy was refused; all of its problems are here, in the order of the document's groups.
package struct PolicyInvalid: Error, Hashable, Sendable, CustomStringConvertible {
  package var problems: [PolicyProblem]
  package init(problems: [PolicyProblem]) { self.problems = problems }
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Gathers problems while a document is read.
final class PolicyProblems {
  private(set) var all: [PolicyProblem] = []

  func report(_ pointer: JSONPointer, _ message: String) {
    all.append(PolicyProblem(pointer: pointer, message: message))
  }
}
