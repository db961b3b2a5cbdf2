// Says in one sentence what is wrong with a request, of a fault that completes "this field …". The
// faults themselves, each with its place, are listed beside it by whoever answers.

package enum FaultSentence {
  /// - Parameters:
  ///   - pointer: JSON pointer into the body; empty for all of it.
  ///   - others: further faults.
  package static func make(pointer: String, _ fault: String, others: Int = 0) -> String {
    end((pointer.isEmpty ? "The body " : pointer + " ") + fault, others)
  }

  /// - Parameter name: of a query parameter or header field.
  package static func make(parameter name: String, _ fault: String, others: Int = 0) -> String {
    end("The parameter \(name) \(fault)", others)
  }

  private static func end(_ text: String, _ others: Int) -> String {
    if others > 0 { return text + " (and \(others) more fault\(others == 1 ? "" : "s"))." }
    return text.hasSuffix("?") ? text : text + "."
  }
}
