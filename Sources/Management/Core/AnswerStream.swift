// An answer whose body is made while it is sent: exports of any size, and events as they happen.

package final class AnswerStream: Sendable, Hashable {
  package let contentType: String
  /// What a browser saves it as; nil: it is shown.
  package let fileName: String?
  private let body: @Sendable (any AnswerSink) async -> Bool

  /// - Parameter body: writes the body; false where it could not be made in full.
  package init(
    _ contentType: String, fileName: String? = nil,
    body: @escaping @Sendable (any AnswerSink) async -> Bool
  ) {
    self.contentType = contentType
    self.fileName = fileName
    self.body = body
  }

  package func write(to sink: any AnswerSink) async -> Bool { await body(sink) }

  package static func == (left: AnswerStream, right: AnswerStream) -> Bool { left === right }
  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

package protocol AnswerSink: Sendable {
  /// Returns when there is room for more; false where nobody takes it any longer.
  func write(_ bytes: [UInt8]) async -> Bool
}
