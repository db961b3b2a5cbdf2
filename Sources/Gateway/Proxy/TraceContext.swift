// W3C Trace Context on its way to the upstream: a call that comes with a trace goes on in it, with
// the gateway's part of it named as the parent. No trace is begun for a call that has none: this
// server reports no spans. Nothing is ever decided by what stands here.
import KeyModel

enum TraceContext {
  static let parent: StaticString = "traceparent"
  static let state: StaticString = "tracestate"
  private static let length = 55
  private static let mostMembers = 32
  private static let longestPart = 256
  /// Sampled, and (level 2) that the trace's id is random.
  private static let knownFlags: UInt8 = 0b11

  /// Complete lines; none where the client sent no `traceparent`. The gateway's part of the trace
  /// goes by the last 64 bits of the request's id. A `traceparent` that is malformed or sent twice
  /// begins a new trace, as the standard has it (§4.3), whose id is the request's; what
  /// `tracestate` said is dropped then.
  static func append(_ fields: some HeadFields, requestID: RequestID, to out: OutputBuffer) {
    var found = -1
    var count = 0
    for index in 0..<fields.count
    where ByteText.equal(fields.name(index), ignoringCase: parent) {
      found = index
      count += 1
    }
    guard count > 0, !ConnectionOptions(fields).name(fields.name(found), in: fields) else {
      return
    }
    let sent = fields.value(found)
    out.append("traceparent: 00-")
    guard count == 1, let flags = flags(of: sent) else {
      append(hexadecimal: requestID.bits, to: out)
      return appendPart(requestID, flags: 0, to: out)
    }
    out.append(UnsafeRawBufferPointer(rebasing: sent[3..<35]))
    appendPart(requestID, flags: flags & knownFlags, to: out)
    appendState(fields, to: out)
  }

  private static func append(hexadecimal bits: UInt128, to out: OutputBuffer) {
    for shift in stride(from: 120, through: 0, by: -8) {
      out.append(hexadecimal: UInt8(truncatingIfNeeded: bits >> UInt128(shift)))
    }
  }

  private static func appendPart(_ requestID: RequestID, flags: UInt8, to out: OutputBuffer) {
    let part = max(UInt64(truncatingIfNeeded: requestID.bits), 1)
    out.append(UInt8(ascii: "-"))
    for shift in stride(from: 56, through: 0, by: -8) {
      out.append(hexadecimal: UInt8(truncatingIfNeeded: part >> UInt64(shift)))
    }
    out.append(UInt8(ascii: "-"))
    out.append(hexadecimal: flags)
    out.append("\r\n")
  }

  /// Nil where the value is not a valid `traceparent`. Of a later version, what version 00 knows of
  /// it is read.
  static func flags(of value: UnsafeRawBufferPointer) -> UInt8? {
    guard value.count >= length else { return nil }
    guard let version = hexadecimal(value[0..<2]), version != 0xFF else { return nil }
    guard value.count == length || version > 0 && value[length] == UInt8(ascii: "-") else {
      return nil
    }
    for dash in [2, 35, 52] where value[dash] != UInt8(ascii: "-") { return nil }
    guard isID(value[3..<35]), isID(value[36..<52]) else { return nil }
    return hexadecimal(value[53..<55])
  }

  /// Lower-case hexadecimal and not all zero.
  private static func isID(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
    digits.allSatisfy { digit($0) != nil } && digits.contains { $0 != UInt8(ascii: "0") }
  }

  private static func hexadecimal(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt8? {
    digits.reduce(UInt8?(0)) { sum, byte in
      sum.flatMap { sum in digit(byte).map { sum << 4 | $0 } }
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  // MARK: tracestate

  /// As it came, or not at all where any of it is malformed or there is too much of it.
  private static func appendState(_ fields: some HeadFields, to out: OutputBuffer) {
    let start = out.count
    var members = 0
    for index in 0..<fields.count
    where ByteText.equal(fields.name(index), ignoringCase: state) {
      let value = fields.value(index)
      guard let found = countMembers(value) else { return out.truncate(to: start) }
      members += found
      guard found > 0 else { continue }
      out.append("tracestate: ")
      out.append(value)
      out.append("\r\n")
    }
    if members > mostMembers { out.truncate(to: start) }
  }

  /// Nil where one is malformed.
  static func countMembers(_ value: UnsafeRawBufferPointer) -> Int? {
    var count = 0
    var rest = value[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
      let member = ByteText.trimmed(UnsafeRawBufferPointer(rebasing: rest[..<end]))
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
      if member.isEmpty { continue }
      guard isMember(member) else { return nil }
      count += 1
    }
    return count
  }

  private static func isMember(_ member: UnsafeRawBufferPointer) -> Bool {
    guard let sign = member.firstIndex(of: UInt8(ascii: "=")) else { return false }
    let (key, value) = (member[..<sign], member[(sign + 1)...])
    return (1...longestPart).contains(key.count) && (1...longestPart).contains(value.count)
      && key.allSatisfy(isKeyByte)
      && value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"),
      UInt8(ascii: "@"):
      true
    default: false
    }
  }
}
