// Who the client is, when proxies stand in front. Must not believe any address that was not written
// by a trusted proxy.

enum ForwardedFor {
  static func client(
    _ peer: IPAddress, _ headers: HeaderList, _ trusted: [CIDR]
  ) -> IPAddress {
    guard isTrusted(peer, trusted) else { return peer }
    var client = peer
    var position = headers.count - 1
    while position >= 0 {
      let field = headers[position]
      position -= 1
      guard isForwardedFor(field.name) else { continue }
      var end = field.value.count
      while end > 0 {
        var start = end
        while start > 0, field.value[start - 1] != Byte.comma { start -= 1 }
        // An unreadable entry hides whoever stands before it.
        guard let address = address(field.value, start, end) else { return client }
        client = address
        guard isTrusted(address, trusted) else { return client }
        end = start - 1
      }
    }
    return client
  }

  private static func isTrusted(_ address: IPAddress, _ trusted: [CIDR]) -> Bool {
    for range in trusted where range.contains(address) { return true }
    return false
  }

  private static func isForwardedFor(_ name: UnsafeRawBufferPointer) -> Bool {
    guard let base = name.baseAddress else { return false }
    return Byte.equal(
      base.assumingMemoryBound(to: UInt8.self), name.count, "x-forwarded-for")
  }

  private static func address(
    _ value: UnsafeRawBufferPointer, _ start: Int, _ end: Int
  ) -> IPAddress? {
    var first = start
    var last = end
    while first < last, Byte.isBlank(value[first]) { first += 1 }
    while last > first, Byte.isBlank(value[last - 1]) { last -= 1 }
    return IPAddress(bytes: UnsafeRawBufferPointer(rebasing: value[first..<last]))
  }
}
