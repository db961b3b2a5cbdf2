// The values that frame a message: Content-Length, Transfer-Encoding, Connection, Host. One reading
// of each for requests and responses. Must not guess: two readings of one value are a refusal.

enum FieldValues {
  /// Digits only, no sign, no list, no overflow.
  static func contentLength(_ base: BytePointer, _ count: Int) -> Int? {
    guard count > 0, count <= 19 else { return nil }
    var value = 0
    for index in 0..<count {
      guard Byte.isDigit(base[index]) else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(Int(base[index] &- 0x30))
      guard !overflow, !overflow2 else { return nil }
      value = sum
    }
    return value
  }

  /// Nil where it is exactly `chunked`.
  static func transferEncodingFault(_ base: BytePointer, _ count: Int) -> Refusal? {
    if Byte.equal(base, count, "chunked") { return nil }
    var last = 0
    var lists = false
    var namesChunked = false
    for index in 0...count where index == count || base[index] == Byte.comma {
      guard let item = trim(base, last, index) else { return .transferEncoding }
      namesChunked = namesChunked || Byte.equal(base + item.start, item.count, "chunked")
      lists = lists || index < count
      last = index + 1
    }
    guard count > 0 else { return .transferEncoding }
    let endsInChunked =
      count >= 7 && Byte.equal(base + (count - 7), 7, "chunked") && lists
    return namesChunked && !endsInChunked ? .transferEncoding : .unknownCoding
  }

  /// The `close` and `keep-alive` of a Connection value.
  static func connection(_ base: BytePointer, _ count: Int) -> HeadFlags {
    if Byte.equal(base, count, "keep-alive") { return .keepAlive }
    if Byte.equal(base, count, "close") { return .close }
    var flags: HeadFlags = []
    var last = 0
    for index in 0...count where index == count || base[index] == Byte.comma {
      if let item = trim(base, last, index) {
        if Byte.equal(base + item.start, item.count, "close") { flags.insert(.close) }
        if Byte.equal(base + item.start, item.count, "keep-alive") { flags.insert(.keepAlive) }
      }
      last = index + 1
    }
    return flags
  }

  /// How many bytes of `authority` are the host, or nil where it is none. The dot that ends a fully
  /// qualified name is no part of it.
  static func hostLength(_ base: BytePointer, _ count: Int) -> Int? {
    guard count > 0 else { return nil }
    let end = base[0] == UInt8(ascii: "[") ? literalEnd(base, count) : nameEnd(base, count)
    guard let end, end > 0, isPort(base + end, count - end) else { return nil }
    return end > 1 && base[end - 1] == Byte.dot ? end - 1 : end
  }

  /// Nothing, or a colon and at most five digits.
  private static func isPort(_ base: BytePointer, _ count: Int) -> Bool {
    guard count > 0 else { return true }
    guard base[0] == Byte.colon, count <= 6 else { return false }
    var port = 0
    for index in 1..<count {
      guard Byte.isDigit(base[index]) else { return false }
      port = port * 10 + Int(base[index] - 0x30)
    }
    return port <= 65_535
  }

  private static func nameEnd(_ base: BytePointer, _ count: Int) -> Int? {
    var index = Byte.endOfWord(base, 0, count)
    while index < count, base[index] != Byte.colon {
      guard base[index] == Byte.dot || base[index] == 0x5f else { return nil }
      index = Byte.endOfWord(base, index + 1, count)
    }
    return index
  }

  private static func literalEnd(_ base: BytePointer, _ count: Int) -> Int? {
    var index = 1
    while index < count, base[index] != UInt8(ascii: "]") { index += 1 }
    let inside = UnsafeRawBufferPointer(start: base + 1, count: index - 1)
    guard index < count, inside.contains(Byte.colon), IPAddress(bytes: inside) != nil else {
      return nil
    }
    return index + 1
  }

  private static func trim(
    _ base: BytePointer, _ start: Int, _ end: Int
  ) -> (start: Int, count: Int)? {
    var first = start
    var last = end
    while first < last, Byte.isBlank(base[first]) { first += 1 }
    while last > first, Byte.isBlank(base[last - 1]) { last -= 1 }
    return first < last ? (first, last - first) : nil
  }
}
