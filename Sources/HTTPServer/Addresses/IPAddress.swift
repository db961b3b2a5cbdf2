// Addresses of peers as 16 bytes, so that IPv4 and IPv6 compare and mask in one way. Must not
// resolve names: a text that is not a plain address is refused.

/// 16 bytes in network order; IPv4 is held as ::ffff:a.b.c.d.
@usableFromInline package struct IPAddress: Hashable, Sendable {
  @usableFromInline package var high: UInt64
  @usableFromInline package var low: UInt64

  @usableFromInline package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// `value` as one number: 127.0.0.1 is 0x7f000001.
  @usableFromInline package init(ipv4 value: UInt32) {
    self.init(high: 0, low: 0xffff_0000_0000 | UInt64(value))
  }

  @usableFromInline package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Dotted quad, or IPv6 with an optional dotted tail. No zone, no brackets, no port, and no
  /// leading zeros in a quad, because some parsers read those as octal.
  package init?(_ text: String) {
    var text = text
    guard let parsed = text.withUTF8({ IPAddress(bytes: UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = parsed
  }

  package init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    if bytes.contains(UInt8(ascii: ":")) {
      guard let parsed = Self.parseIPv6(bytes) else { return nil }
      self = parsed
    } else {
      guard let value = Self.parseIPv4(bytes[...]) else { return nil }
      self.init(ipv4: value)
    }
  }

  /// Dotted quad for IPv4, RFC 5952 for IPv6.
  package var text: String {
    if isIPv4 {
      return (0..<4).map { String(UInt8(truncatingIfNeeded: low >> (24 - 8 * UInt64($0)))) }
        .joined(separator: ".")
    }
    let groups = (0..<8).map { group($0) }
    let gap = Self.longestZeroRun(groups)
    guard gap.count > 1 else { return Self.hex(groups[...]) }
    return Self.hex(groups[..<gap.lowerBound]) + "::" + Self.hex(groups[gap.upperBound...])
  }

  private func group(_ index: Int) -> UInt16 {
    let word = index < 4 ? high : low
    return UInt16(truncatingIfNeeded: word >> (48 - 16 * UInt64(index % 4)))
  }

  private static func hex(_ groups: ArraySlice<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }

  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0..<8 {
      if groups[index] != 0 {
        start = index + 1
      } else if index + 1 - start > best.count {
        best = start..<(index + 1)
      }
    }
    return best
  }

  private static func parseIPv4(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt32? {
    var value: UInt32 = 0
    var parts = 0
    var digits = 0
    var part: UInt32 = 0
    for byte in bytes {
      if byte == UInt8(ascii: ".") {
        guard digits > 0, parts < 3 else { return nil }
        value = value << 8 | part
        (parts, digits, part) = (parts + 1, 0, 0)
      } else {
        guard byte >= 0x30, byte <= 0x39, !(digits > 0 && part == 0) else { return nil }
        part = part * 10 + UInt32(byte - 0x30)
        digits += 1
        guard part <= 255 else { return nil }
      }
    }
    return parts == 3 && digits > 0 ? value << 8 | part : nil
  }

  private static func parseIPv6(_ bytes: UnsafeRawBufferPointer) -> IPAddress? {
    var groups = IPv6Groups()
    var index = 0
    if bytes[0] == UInt8(ascii: ":") {
      guard bytes[1] == UInt8(ascii: ":") else { return nil }
      groups.openGap()
      index = 2
    }
    while index < bytes.count {
      let start = index
      var value: UInt16 = 0
      while index < bytes.count, let digit = hexDigit(bytes[index]) {
        guard index - start < 4 else { return nil }
        value = value << 4 | UInt16(digit)
        index += 1
      }
      if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
        guard let quad = parseIPv4(bytes[start...]) else { return nil }
        groups.append(UInt16(truncatingIfNeeded: quad >> 16))
        groups.append(UInt16(truncatingIfNeeded: quad))
        return groups.address
      }
      guard index > start else { return nil }
      groups.append(value)
      if index == bytes.count { break }
      guard bytes[index] == UInt8(ascii: ":"), index + 1 < bytes.count else { return nil }
      index += 1
      if bytes[index] == UInt8(ascii: ":") {
        guard groups.openGap() else { return nil }
        index += 1
      }
    }
    return groups.address
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }
}

/// Collects the groups of an IPv6 text around its one `::`.
private struct IPv6Groups {
  private var values: [UInt16] = []
  private var gap: Int?

  mutating func append(_ value: UInt16) { values.append(value) }

  @discardableResult
  mutating func openGap() -> Bool {
    guard gap == nil else { return false }
    gap = values.count
    return true
  }

  var address: IPAddress? {
    var groups = values
    if let gap {
      guard values.count < 8 else { return nil }
      groups.insert(contentsOf: repeatElement(0, count: 8 - values.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    func word(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
    return IPAddress(high: word(groups[..<4]), low: word(groups[4...]))
  }
}
