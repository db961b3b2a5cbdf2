// A strict JSON reader that hands out values one by one and makes nothing: strings are slices of
// the text, unescaped in place. It must not skip what its caller did not ask for.
import KeyModel

/// Why the text is not JSON; the message never repeats the text, which may hold a secret.
struct PullError: Error {
  var detail: StaticString
  /// Bytes before the offending one.
  var offset: Int
}

struct PullReader {
  enum Kind {
    case object, array, string, number, literal
  }

  private let bytes: UnsafeMutableRawBufferPointer
  private(set) var at = 0

  /// The text is changed while it is read: a string with escapes becomes what it means.
  init(_ bytes: UnsafeMutableRawBufferPointer) throws(PullError) {
    self.bytes = bytes
    if let offset = UTF8Validation.firstInvalid(UnsafeRawBufferPointer(bytes)) {
      throw PullError(detail: "invalid UTF-8", offset: offset)
    }
  }

  /// What comes next, white space skipped.
  mutating func kind() throws(PullError) -> Kind {
    skipSpace()
    guard let byte = peek else { throw fail("the text ends too early") }
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
    default: throw fail("unexpected character")
    }
  }

  /// After `kind` said object or array.
  mutating func open() { at += 1 }

  /// The next member's name, its colon passed; nil where the object ends.
  mutating func nextName(first: Bool) throws(PullError) -> UnsafeRawBufferPointer? {
    skipSpace()
    if peek == UInt8(ascii: "}") {
      at += 1
      return nil
    }
    if !first {
      try expect(UInt8(ascii: ","))
      skipSpace()
    }
    guard peek == UInt8(ascii: "\"") else { throw fail("a member's name is expected") }
    let name = try string()
    skipSpace()
    try expect(UInt8(ascii: ":"))
    return name
  }

  /// False where the array ends.
  mutating func nextElement(first: Bool) throws(PullError) -> Bool {
    skipSpace()
    if peek == UInt8(ascii: "]") {
      at += 1
      return false
    }
    if !first {
      try expect(UInt8(ascii: ","))
      if try closesArray() { throw fail("a value is expected") }
    }
    return true
  }

  private mutating func closesArray() throws(PullError) -> Bool {
    skipSpace()
    return peek == UInt8(ascii: "]")
  }

  /// `true`, `false`, or nil for `null`; after `kind` said literal.
  mutating func literal() throws(PullError) -> Bool? {
    if take("true") { return true }
    if take("false") { return false }
    if take("null") { return nil }
    throw fail("unexpected character")
  }

  /// Nil for a number with fraction or exponent or beyond Int64; after `kind` said number.
  mutating func integer() throws(PullError) -> Int64? {
    let start = at
    if peek == UInt8(ascii: "-") { at += 1 }
    let first = at
    try digits()
    if bytes[first] == UInt8(ascii: "0"), at > first + 1 { throw fail("invalid number") }
    let end = at
    if peek == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
      at += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    return at == end ? Self.value(of: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) : nil
  }

  private static func value(of text: UnsafeRawBufferPointer) -> Int64? {
    let negative = text[0] == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in text[(negative ? 1 : 0)...] {
      let digit = Int64(byte &- UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(negative ? -digit : digit)
      if overflow || overflow2 { return nil }
      value = sum
    }
    return value
  }

  /// Nothing but white space may follow the document.
  mutating func end() throws(PullError) {
    skipSpace()
    if at < bytes.count { throw fail("text after the end of the document") }
  }

  // MARK: bytes

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func fail(_ detail: StaticString, at offset: Int? = nil) -> PullError {
    PullError(detail: detail, offset: offset ?? at)
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func expect(_ byte: UInt8) throws(PullError) {
    guard let found = peek else { throw fail("the text ends too early") }
    guard found == byte else { throw fail("unexpected character") }
    at += 1
  }

  private mutating func digits() throws(PullError) {
    let start = at
    while let byte = peek, byte &- UInt8(ascii: "0") < 10 { at += 1 }
    if at == start { throw fail("invalid number") }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    let found = UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)])
    guard ByteText.equal(found, word) else { return false }
    at += count
    return true
  }

  /// After `kind` said string. What an escape means is never longer than the escape, so the
  /// meaning is written over it and the slice ends where the meaning does.
  mutating func string() throws(PullError) -> UnsafeRawBufferPointer {
    at += 1
    let start = at
    at = ByteText.plainEnd(UnsafeRawBufferPointer(bytes), from: at)
    var end = at
    while let byte = peek {
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      case UInt8(ascii: "\\"):
        try unescape(to: &end)
      case 0..<0x20:
        throw fail("control character in a string", at: at - 1)
      default:
        if end != at - 1 { bytes[end] = byte }
        end += 1
      }
    }
    throw fail("the text ends too early")
  }

  private mutating func unescape(to end: inout Int) throws(PullError) {
    guard let byte = peek else { throw fail("the text ends too early") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): put(byte, &end)
    case UInt8(ascii: "b"): put(0x08, &end)
    case UInt8(ascii: "f"): put(0x0C, &end)
    case UInt8(ascii: "n"): put(0x0A, &end)
    case UInt8(ascii: "r"): put(0x0D, &end)
    case UInt8(ascii: "t"): put(0x09, &end)
    case UInt8(ascii: "u"): put(scalar: try unicode(), &end)
    default: throw fail("invalid escape", at: at - 1)
    }
  }

  private func put(_ byte: UInt8, _ end: inout Int) {
    bytes[end] = byte
    end += 1
  }

  private func put(scalar: UInt32, _ end: inout Int) {
    if scalar < 0x80 { return put(UInt8(scalar), &end) }
    if scalar < 0x800 {
      put(UInt8(0xC0 | scalar >> 6), &end)
    } else if scalar < 0x10000 {
      put(UInt8(0xE0 | scalar >> 12), &end)
      put(UInt8(0x80 | scalar >> 6 & 0x3F), &end)
    } else {
      put(UInt8(0xF0 | scalar >> 18), &end)
      put(UInt8(0x80 | scalar >> 12 & 0x3F), &end)
      put(UInt8(0x80 | scalar >> 6 & 0x3F), &end)
    }
    put(UInt8(0x80 | scalar & 0x3F), &end)
  }

  private mutating func unicode() throws(PullError) -> UInt32 {
    let high = try fourDigits()
    if high == 0 { throw fail("NUL character in a string", at: at - 6) }
    guard high >= 0xD800, high < 0xE000 else { return high }
    guard high < 0xDC00, take("\\u") else { throw fail("lone surrogate", at: at - 6) }
    let low = try fourDigits()
    guard low >= 0xDC00, low < 0xE000 else { throw fail("lone surrogate", at: at - 6) }
    return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
  }

  private mutating func fourDigits() throws(PullError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek else { throw fail("the text ends too early") }
      guard let digit = Hex.value(of: byte) else { throw fail("invalid escape") }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }
}
