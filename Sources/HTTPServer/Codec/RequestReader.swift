// Reads request heads, strictly after RFC 9112: where the standard lets a recipient be lenient it
// refuses, because leniency is what request smuggling lives on. A head may arrive in any pieces:
// the outcome depends on the bytes alone. Must not read past the head or allocate.

struct RequestReader {
  let headBytes: Int
  let targetBytes: Int
  static let methodBytes = 32

  init(_ limits: Limits) {
    headBytes = limits.headBytes
    targetBytes = limits.targetBytes
  }

  /// Reads on from where `head` stands; `base` is the head's first byte and `available` counts
  /// from there. After `incomplete` call again with the same head, once there is more.
  func read(
    _ base: BytePointer, _ available: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> HeadProgress {
    let end = min(available, headBytes)
    if !head.pointee.readsFields {
      switch readRequestLine(base, end, head) {
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
        guard count < head.pointee.capacity else { return .refused(.tooManyFields) }
        head.pointee.fields[count] = span
        head.pointee.count = count &+ 1
        if let refusal = note(base, span, head) { return .refused(refusal) }
      case .end:
        head.pointee.cursor = cursor
        if let refusal = conclude(base, head) { return .refused(refusal) }
        return .complete
      case .incomplete: return short(available)
      case .malformed: return .refused(.field)
      }
    }
  }

  private func short(_ available: Int) -> HeadProgress {
    available >= headBytes ? .refused(.headTooLarge) : .incomplete
  }

  private func readRequestLine(
    _ base: BytePointer, _ end: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> HeadProgress {
    if head.pointee.cursor == 0, end > 0, base[0] == Byte.carriageReturn {
      // RFC 9112 2.2: one empty line may be left over from a careless body before.
      switch FieldReader.lineEnd(base, 0, end) {
      case .field: head.pointee.cursor = 2
      case .incomplete: return .incomplete
      default: return .refused(.requestLine)
      }
    }
    let start = head.pointee.cursor
    var index = start
    while index < end, Byte.isToken(base[index]) { index &+= 1 }
    guard index &- start <= Self.methodBytes else { return .refused(.requestLine) }
    guard index < end else { return .incomplete }
    guard base[index] == Byte.space, index > start else { return .refused(.requestLine) }
    head.pointee.method = Span32(start, index)
    let targetStart = index &+ 1
    let targetEnd = scanTarget(base, targetStart, end, head)
    guard targetEnd &- targetStart <= targetBytes else { return .refused(.targetTooLong) }
    guard targetEnd < end else { return .incomplete }
    guard base[targetEnd] == Byte.space, targetEnd > targetStart else {
      return .refused(base[targetEnd] == Byte.hash ? .target : .requestLine)
    }
    head.pointee.target = Span32(targetStart, targetEnd)
    return readVersion(base, targetEnd &+ 1, end, head)
  }

  private func scanTarget(
    _ base: BytePointer, _ start: Int, _ end: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Int {
    var index = start
    while index < end, base[index] &- 0x21 < 0x5e, base[index] != Byte.hash {
      if base[index] == Byte.question { break }
      index &+= 1
    }
    head.pointee.pathLength = UInt32(truncatingIfNeeded: index &- start)
    while index < end, base[index] &- 0x21 < 0x5e, base[index] != Byte.hash { index &+= 1 }
    return index
  }

  private func readVersion(
    _ base: BytePointer, _ start: Int, _ end: Int, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> HeadProgress {
    let (usual, pattern): (StaticString, StaticString) = ("HTTP/1.1", "HTTP/d.d")
    let isUsual = start &+ 8 <= end && WordText.equal(base + start, usual.utf8Start, 8)
    for offset in isUsual ? 8..<8 : 0..<8 {
      guard start &+ offset < end else { return .incomplete }
      let byte = base[start &+ offset]
      let fits = offset == 5 || offset == 7 ? Byte.isDigit(byte) : byte == pattern.utf8Start[offset]
      guard fits else { return .refused(.requestLine) }
    }
    let (major, minor) = (base[start &+ 5], base[start &+ 7])
    switch FieldReader.lineEnd(base, start &+ 8, end) {
    case .field: break
    case .incomplete: return .incomplete
    default: return .refused(.requestLine)
    }
    guard major == 0x31, minor <= 0x31 else { return .refused(.version) }
    if minor == 0x31 { head.pointee.flags.insert(.http11) }
    head.pointee.cursor = start &+ 10
    return .complete
  }

  /// Looks at the fields that frame the message or choose its host.
  @inline(__always)
  private func note(
    _ base: BytePointer, _ span: FieldSpan, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Refusal? {
    switch span.nameLength {
    case 4, 6, 10, 14, 17: noteKnown(base, span, head)
    default: nil
    }
  }

  private func noteKnown(
    _ base: BytePointer, _ span: FieldSpan, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Refusal? {
    let name = base + Int(span.nameStart)
    let length = Int(span.nameLength)
    let value = base + Int(span.valueStart)
    let count = Int(span.valueLength)
    if Byte.equal(name, length, "host") {
      guard head.pointee.flags.insert(.host).inserted else { return .host }
      guard let hostLength = FieldValues.hostLength(value, count) else { return .host }
      head.pointee.authority = Span32(Int(span.valueStart), Int(span.valueStart) + count)
      head.pointee.host = Span32(Int(span.valueStart), Int(span.valueStart) + hostLength)
    } else if Byte.equal(name, length, "connection") {
      head.pointee.flags.formUnion(FieldValues.connection(value, count))
    } else if Byte.equal(name, length, "content-length") {
      guard head.pointee.contentLength < 0, let number = FieldValues.contentLength(value, count)
      else { return .contentLength }
      head.pointee.contentLength = number
    } else if Byte.equal(name, length, "transfer-encoding") {
      guard head.pointee.flags.insert(.transferEncoding).inserted else { return .transferEncoding }
      if let refusal = FieldValues.transferEncodingFault(value, count) { return refusal }
      head.pointee.flags.insert(.chunked)
    } else if Byte.equal(name, length, "expect"), head.pointee.flags.contains(.http11) {
      guard Byte.equal(value, count, "100-continue") else { return .expectation }
      head.pointee.flags.insert(.expectContinue)
    }
    return nil
  }

  private func conclude(
    _ base: BytePointer, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Refusal? {
    let flags = head.pointee.flags
    if flags.contains(.chunked) {
      guard head.pointee.contentLength < 0 else { return .ambiguousLength }
      guard flags.contains(.http11) else { return .transferEncoding }
    }
    guard flags.contains(.host) || !flags.contains(.http11) else { return .host }
    let method = head.pointee.method.bytes(base)
    let headMethod: StaticString = "HEAD"
    if method.count == 4, let name = method.baseAddress,
      WordText.equal(name, headMethod.utf8Start, 4)
    {
      head.pointee.flags.insert(.headMethod)
    }
    let first = base[Int(head.pointee.target.start)]
    return first == Byte.slash ? nil : TargetForm.normalise(base, head)
  }
}
