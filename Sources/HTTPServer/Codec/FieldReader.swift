// Reads one header line at a time, for requests and responses alike. Must not accept what RFC 9112
// tells a recipient to repair: folded lines, a lone CR or LF, blanks before the colon.

enum FieldReader {
  enum Outcome {
    case field, end, incomplete, malformed
  }

  /// Reads the line that begins at `cursor` and moves `cursor` past it, unless it is incomplete.
  static func read(
    _ base: BytePointer, _ end: Int, _ cursor: inout Int, _ span: inout FieldSpan
  ) -> Outcome {
    let start = cursor
    var index = Byte.endOfToken(base, start, end)
    guard index < end else { return .incomplete }
    let nameEnd = index
    guard base[index] == Byte.colon, nameEnd > start else {
      return nameEnd == start ? endOfHead(base, end, &cursor) : .malformed
    }
    index &+= 1
    while index < end, Byte.isBlank(base[index]) { index &+= 1 }
    let valueStart = index
    index = Byte.endOfText(base, index, end)
    switch lineEnd(base, index, end) {
    case .field: break
    case let other: return other
    }
    var valueEnd = index
    while valueEnd > valueStart, Byte.isBlank(base[valueEnd &- 1]) { valueEnd &-= 1 }
    span.nameStart = UInt32(truncatingIfNeeded: start)
    span.nameLength = UInt32(truncatingIfNeeded: nameEnd &- start)
    span.valueStart = UInt32(truncatingIfNeeded: valueStart)
    span.valueLength = UInt32(truncatingIfNeeded: valueEnd &- valueStart)
    cursor = index &+ 2
    return .field
  }

  /// `field` where CR LF stands at `index`.
  static func lineEnd(_ base: BytePointer, _ index: Int, _ end: Int) -> Outcome {
    guard index < end else { return .incomplete }
    guard base[index] == Byte.carriageReturn else { return .malformed }
    guard index &+ 1 < end else { return .incomplete }
    return base[index &+ 1] == Byte.lineFeed ? .field : .malformed
  }

  private static func endOfHead(
    _ base: BytePointer, _ end: Int, _ cursor: inout Int
  ) -> Outcome {
    let outcome = lineEnd(base, cursor, end)
    guard case .field = outcome else { return outcome }
    cursor &+= 2
    return .end
  }
}
