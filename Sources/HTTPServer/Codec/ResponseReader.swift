// Reads response heads of upstreams and decides how their bodies end. As strict as the request
// reader: a gateway that repairs an upstream's framing splits its clients' answers. Must not read
// past the head.

struct ResponseReader {
  static let headBytes = 64 * 1024

  enum Progress: Equatable {
    case incomplete, complete, malformed
  }

  func read(
    _ base: BytePointer, _ available: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Progress {
    let end = min(available, Self.headBytes)
    if !head.pointee.readsFields {
      switch readStatusLine(base, end, head) {
      case .complete: head.pointee.readsFields = true
      case let other: return other == .incomplete ? short(available) : other
      }
    }
    var cursor = head.pointee.cursor
    var span = FieldSpan()
    while true {
      switch FieldReader.read(base, end, &cursor, &span) {
      case .field:
        head.pointee.cursor = cursor
        let count = head.pointee.count
        guard count < head.pointee.capacity, note(base, span, head) else { return .malformed }
        head.pointee.fields[count] = span
        head.pointee.count = count &+ 1
      case .end:
        head.pointee.cursor = cursor
        let flags = head.pointee.flags
        let isAmbiguous =
          flags.contains(.chunked)
          && (head.pointee.contentLength >= 0 || !flags.contains(.http11))
        return isAmbiguous ? .malformed : .complete
      case .incomplete: return short(available)
      case .malformed: return .malformed
      }
    }
  }

  private func short(_ available: Int) -> Progress {
    available >= Self.headBytes ? .malformed : .incomplete
  }

  private func readStatusLine(
    _ base: BytePointer, _ end: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Progress {
    let pattern: StaticString = "HTTP/1.d ddd"
    for offset in 0..<12 {
      guard offset < end else { return .incomplete }
      let isDigit = offset == 7 || offset > 8
      let fits =
        isDigit ? Byte.isDigit(base[offset]) : base[offset] == pattern.utf8Start[offset]
      guard fits else { return .malformed }
    }
    guard base[7] <= 0x31 else { return .malformed }
    if base[7] == 0x31 { head.pointee.flags.insert(.http11) }
    let digits = (Int(base[9] &- 0x30), Int(base[10] &- 0x30), Int(base[11] &- 0x30))
    head.pointee.status = digits.0 * 100 + digits.1 * 10 + digits.2
    guard head.pointee.status >= 100, head.pointee.status < 600 else { return .malformed }
    guard end > 12 else { return .incomplete }
    var index = 12
    if base[12] == Byte.space { index = Byte.endOfText(base, 13, end) }
    switch FieldReader.lineEnd(base, index, end) {
    case .field:
      head.pointee.cursor = index + 2
      return .complete
    case .incomplete: return .incomplete
    default: return .malformed
    }
  }

  /// False where the field makes the answer's end uncertain.
  private func note(
    _ base: BytePointer, _ span: FieldSpan, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Bool {
    let name = base + Int(span.nameStart)
    let length = Int(span.nameLength)
    let value = base + Int(span.valueStart)
    let count = Int(span.valueLength)
    switch length {
    case 10 where Byte.equal(name, length, "connection"):
      head.pointee.flags.formUnion(FieldValues.connection(value, count))
    case 14 where Byte.equal(name, length, "content-length"):
      guard head.pointee.contentLength < 0, let number = FieldValues.contentLength(value, count)
      else { return false }
      head.pointee.contentLength = number
    case 17 where Byte.equal(name, length, "transfer-encoding"):
      guard head.pointee.flags.insert(.transferEncoding).inserted,
        FieldValues.transferEncodingFault(value, count) == nil
      else { return false }
      head.pointee.flags.insert(.chunked)
    default: break
    }
    return true
  }

  /// How the body of a complete head is to be read.
  static func decoder(_ head: HeadIndex, toHEAD: Bool) -> BodyDecoder {
    if isBodiless(head, toHEAD: toHEAD) { return .none }
    if head.flags.contains(.chunked) { return .chunked }
    return head.contentLength >= 0 ? .length(head.contentLength) : .untilClose
  }

  private static func isBodiless(_ head: HeadIndex, toHEAD: Bool) -> Bool {
    toHEAD || head.status == 204 || head.status == 304
  }

  /// Some upstreams send a body where there must be none. What is left of it would be taken for the
  /// answer to the next call.
  static func mayTrail(_ head: HeadIndex, toHEAD: Bool) -> Bool {
    guard isBodiless(head, toHEAD: toHEAD), head.contentLength != 0 else { return false }
    return toHEAD || head.contentLength > 0 || head.flags.contains(.chunked)
  }

  static func framing(_ head: HeadIndex, toHEAD: Bool) -> Framing {
    if isBodiless(head, toHEAD: toHEAD) { return .none }
    return head.contentLength >= 0 ? .length(head.contentLength) : .chunked
  }
}
