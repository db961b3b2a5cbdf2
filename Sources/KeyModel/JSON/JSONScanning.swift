// The lexical half of the JSON reader: white space, comments, strings and numbers.

extension JSONParser {
  mutating func skipSpace() throws(JSONError) {
    while let byte = peek {
      switch byte {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      case UInt8(ascii: "/") where comments: try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONError) {
    let start = at
    at += 1
    switch peek {
    case UInt8(ascii: "/"):
      while let byte = peek, byte != 0x0A { at += 1 }
    case UInt8(ascii: "*"):
      at += 1
      while at + 1 < bytes.count {
        at += 1
        if bytes[at - 1] == UInt8(ascii: "*"), bytes[at] == UInt8(ascii: "/") {
          at += 1
          return
        }
      }
      throw fail(.unterminatedComment, at: start)
    default: throw fail(.unexpectedByte, at: start)
    }
  }

  /// The cursor stands on the opening quotation mark.
  mutating func string() throws(JSONError) -> String {
    at += 1
    let start = at
    try skipPlain()
    if bytes[at] == UInt8(ascii: "\"") {
      at += 1
      return try text(start..<at - 1)
    }
    var text = try self.text(start..<at)
    while bytes[at] != UInt8(ascii: "\"") {
      text.unicodeScalars.append(try escape())
      let start = at
      try skipPlain()
      text += try self.text(start..<at)
    }
    at += 1
    return text
  }

  /// Stops on a quotation mark or a backslash; one of them is there when this returns.
  private mutating func skipPlain() throws(JSONError) {
    while let byte = peek {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
      guard byte >= 0x20 else { throw fail(byte == 0 ? .nulCharacter : .controlCharacter) }
      at += 1
    }
    throw fail(.endOfText)
  }

  private func text(_ range: Range<Int>) throws(JSONError) -> String {
    guard !range.contains(invalidAt) else { throw fail(.invalidUTF8, at: invalidAt) }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = at
    at += 1
    guard let byte = peek else { throw fail(.endOfText) }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(from: start)
    default: throw fail(.invalidEscape, at: start)
    }
  }

  private mutating func unicodeEscape(from start: Int) throws(JSONError) -> Unicode.Scalar {
    let high = try fourDigits(from: start)
    if high == 0 { throw fail(.nulCharacter, at: start) }
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    else { throw fail(.loneSurrogate, at: start) }
    at += 2
    let low = try fourDigits(from: start)
    guard low >= 0xDC00, low < 0xE000,
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw fail(.loneSurrogate, at: start) }
    return scalar
  }

  private mutating func fourDigits(from start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek else { throw fail(.endOfText) }
      guard let digit = Hex.value(of: byte) else { throw fail(.invalidEscape, at: start) }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  /// The cursor stands on a minus sign or a digit.
  mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    if peek == UInt8(ascii: "-") { at += 1 }
    if peek == UInt8(ascii: "0") {
      at += 1
      if let byte = peek, isDigit(byte) { throw fail(.invalidNumber, at: start) }
    } else {
      try digits(from: start)
    }
    var integral = true
    if peek == UInt8(ascii: ".") {
      integral = false
      at += 1
      try digits(from: start)
    }
    if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
      integral = false
      at += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
      try digits(from: start)
    }
    return try numeric(start..<at, integral: integral)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private mutating func digits(from start: Int) throws(JSONError) {
    guard let byte = peek, isDigit(byte) else {
      throw at < bytes.count ? fail(.invalidNumber, at: start) : fail(.endOfText)
    }
    while let byte = peek, isDigit(byte) { at += 1 }
  }

  private func numeric(_ range: Range<Int>, integral: Bool) throws(JSONError) -> JSONValue {
    if integral {
      guard let value = integer(range) else {
        throw fail(.numberOutOfRange, at: range.lowerBound)
      }
      return .integer(value)
    }
    let text = String(
      decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw fail(.numberOutOfRange, at: range.lowerBound)
    }
    return .decimal(value)
  }

  private func integer(_ range: Range<Int>) -> Int64? {
    let negative = bytes[range.lowerBound] == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in bytes[range].dropFirst(negative ? 1 : 0) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let digit = Int64(byte &- UInt8(ascii: "0"))
      // Counts downwards, since the smallest Int64 has no positive counterpart.
      let (sum, overflow2) = product.subtractingReportingOverflow(digit)
      if overflow || overflow2 { return nil }
      value = sum
    }
    if negative { return value }
    return value == .min ? nil : -value
  }
}
