// The engine's own error answers, after RFC 9457. Must not repeat anything a client sent.

enum Problem {
  static let headerBlock: StaticString =
    "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n"

  /// `detail` is one of our own texts and needs no escaping.
  static func document(_ status: Int, _ detail: StaticString) -> [UInt8] {
    let title = StatusLine.reason(status)
    let text =
      #"{"type":"about:blank","title":"\#(title)","status":\#(status),"detail":"\#(detail)"}"#
    return Array((text + "\n").utf8)
  }
}
