// Ranges of addresses, as trusted proxies and allow-lists name them. Must not resolve names.

/// A prefix of an address. IPv4 ranges are kept below ::ffff:0:0/96.
package struct CIDR: Hashable, Sendable {
  /// The first address of the range.
  package let base: IPAddress
  /// 0...128; an IPv4 range has 96 more than it was written with.
  package let prefix: Int

  package init(base: IPAddress, prefix: Int) {
    self.base = Self.mask(base, prefix)
    self.prefix = prefix
  }

  /// `10.0.0.0/8`, `fd00::/8`, or a single address. Bits below the prefix are dropped.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    let width = address.isIPv4 && !text.contains(":") ? 32 : 128
    var length = width
    if parts.count == 2 {
      let digits = parts[1]
      guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), digits.utf8.count <= 3,
        digits == "0" || digits.first != "0", let number = Int(digits), number <= width
      else { return nil }
      length = number
    }
    self.init(base: address, prefix: length + 128 - width)
  }

  package func contains(_ address: IPAddress) -> Bool {
    Self.mask(address, prefix) == base
  }

  package var text: String {
    base.isIPv4 && prefix >= 96 ? "\(base.text)/\(prefix - 96)" : "\(base.text)/\(prefix)"
  }

  private static func mask(_ address: IPAddress, _ prefix: Int) -> IPAddress {
    func bits(_ count: Int) -> UInt64 {
      count <= 0 ? 0 : count >= 64 ? .max : ~(UInt64.max >> UInt64(count))
    }
    return IPAddress(high: address.high & bits(prefix), low: address.low & bits(prefix - 64))
  }
}
