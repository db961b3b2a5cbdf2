// Which addresses deliveries may go to: a decision on the 16 bytes that a connection is about to
// use, whatever name or spelling led there. Must not resolve names and must not read text.
package import HTTPServer

/// Refuses everything but the public unicast space, and whatever translates into the rest.
package struct AddressGuard: Sendable {
  /// Ports of public addresses that are called.
  package static let publicPorts: Set<UInt16> = [443, 8443]

  /// The operator's own: called whatever they are, on any port.
  package let allow: [CIDR]

  package init(allow: [CIDR]) { self.allow = allow }

  package func isAllowed(_ address: IPAddress) -> Bool {
    allow.contains { $0.contains(address) }
  }

  /// Why `address` is not called, as words to stand after "resolves to"; nil where it is.
  package func refusal(_ address: IPAddress, port: UInt16) -> String? {
    if isAllowed(address) {
      // A translator the operator allows still leads to what stands inside.
      guard let inner = Self.translated(address) else { return nil }
      return refusal(inner, port: port)
    }
    if let kind = address.isIPv4 ? Self.refusedIPv4(address) : Self.refusedIPv6(address) {
      return "\(kind) address, which this server does not call"
    }
    guard Self.publicPorts.contains(port) else {
      return "a public address, where only the ports 443 and 8443 are called"
    }
    return nil
  }

  /// The IPv4 address that a NAT64 gateway makes of it.
  private static func translated(_ address: IPAddress) -> IPAddress? {
    guard address.high == 0x0064_ff9b_0000_0000, address.low >> 32 == 0 else { return nil }
    return IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low))
  }

  private static func refusedIPv4(_ address: IPAddress) -> String? {
    ipv4.first { $0.range.contains(address) }?.kind
  }

  private static func refusedIPv6(_ address: IPAddress) -> String? {
    if let known = ipv6.first(where: { $0.range.contains(address) }) { return known.kind }
    // An interface id that carries an IPv4 address (ISATAP), whatever stands before it.
    let marker = address.low >> 32
    if marker == 0x0000_5efe || marker == 0x0200_5efe { return "a translated" }
    return address.high >> 61 == 0b001 ? nil : "a reserved"
  }

  private typealias Space = (range: CIDR, kind: String)

  private static func space(_ ranges: [String], _ kind: String) -> [Space] {
    ranges.compactMap { text in CIDR(text).map { ($0, kind) } }
  }

  /// IANA's special-purpose registry, and the addresses where clouds keep what machines may ask.
  private static let ipv4: [Space] =
    space(["0.0.0.0/8"], "an unspecified") + space(["127.0.0.0/8"], "a loopback")
    + space(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], "a private")
    + space(["169.254.0.0/16"], "a link-local") + space(["168.63.129.16/32"], "a metadata")
    + space(["100.64.0.0/10"], "a carrier's private") + space(["224.0.0.0/4"], "a multicast")
    + space(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"], "a documentation")
    + space(["198.18.0.0/15"], "a benchmarking") + space(["192.88.99.0/24"], "a translated")
    + space(["192.0.0.0/24", "240.0.0.0/4"], "a reserved")

  /// What is refused inside 2000::/3, and names for some of what lies outside.
  private static let ipv6: [Space] =
    space(["::/128"], "an unspecified") + space(["::1/128"], "a loopback")
    + space(["fc00::/7", "fec0::/10"], "a private") + space(["fe80::/10"], "a link-local")
    + space(["ff00::/8"], "a multicast") + space(["2001:db8::/32", "3fff::/20"], "a documentation")
    + space(
      ["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96"],
      "a translated") + space(["2001::/23"], "a reserved")
}
