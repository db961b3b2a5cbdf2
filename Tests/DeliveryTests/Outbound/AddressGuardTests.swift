// Which addresses are called, by their bytes.
import HTTPServer
import Testing

@testable import Delivery

@Suite("The address guard")
struct AddressGuardTests {
  private func refusal(_ text: String, allow: [String] = [], port: UInt16 = 443) -> String? {
    let address = IPAddress(text) ?? IPAddress(high: 0, low: 0)
    return AddressGuard(allow: allow.compactMap { CIDR($0) }).refusal(address, port: port)
  }

  @Test("Public unicast addresses are called", arguments: HostileAddresses.publicOnes)
  func passes(address: String) {
    #expect(refusal(address) == nil)
    #expect(refusal(address, port: 8443) == nil)
  }

  @Test("Everything else is not, on any port", arguments: HostileAddresses.all)
  func refuses(address: String) {
    #expect(IPAddress(address) != nil)
    for port: UInt16 in [443, 8443, 80, 1] { #expect(refusal(address, port: port) != nil) }
  }

  @Test(
    "The first and the last address of each refused range of IPv4 are refused, their neighbours not"
  )
  func edges() {
    let ranges = [
      ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"),
      ("100.64.0.0", "100.127.255.255"), ("127.0.0.0", "127.255.255.255"),
      ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"),
      ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"),
      ("192.88.99.0", "192.88.99.255"), ("192.168.0.0", "192.168.255.255"),
      ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"),
      ("203.0.113.0", "203.0.113.255"), ("224.0.0.0", "255.255.255.255"),
    ]
    for (first, last) in ranges {
      guard let low = IPAddress(first)?.low, let high = IPAddress(last)?.low else {
        Issue.record("\(first)")
        continue
      }
      let addresses = AddressGuard(allow: [])
      for value in [low, high] {
        #expect(addresses.refusal(IPAddress(high: 0, low: value), port: 443) != nil, "\(first)")
      }
      for value in [low - 1, high + 1] where value >> 32 == 0xffff && value & 0xffff_ffff > 1 {
        let neighbour = IPAddress(high: 0, low: value)
        #expect(addresses.refusal(neighbour, port: 443) == nil, "\(neighbour.text)")
      }
    }
  }

  @Test("A public address is called on two ports only")
  func ports() {
    for port: UInt16 in [1, 22, 25, 80, 442, 444, 6379, 8080, 65535] {
      #expect(refusal("93.184.216.34", port: port) != nil)
    }
  }

  @Test("What the operator allows is called on every port, its neighbours are not")
  func allowed() {
    for port: UInt16 in [1, 443, 9000] {
      #expect(refusal("127.0.0.1", allow: ["127.0.0.0/8"], port: port) == nil)
      #expect(refusal("::ffff:127.0.0.1", allow: ["127.0.0.0/8"], port: port) == nil)
      #expect(refusal("::1", allow: ["127.0.0.0/8"], port: port) != nil)
      #expect(refusal("10.1.2.4", allow: ["10.1.2.3"], port: port) != nil)
      #expect(refusal("fd00::5", allow: ["fd00::/64"], port: port) == nil)
    }
  }

  @Test("A translator that is allowed does not lead to what is not")
  func translators() {
    let allow = ["64:ff9b::/96"]
    #expect(refusal("64:ff9b::5db8:d822", allow: allow) == nil)
    #expect(refusal("64:ff9b::5db8:d822", allow: allow, port: 22) != nil)
    #expect(refusal("64:ff9b::7f00:1", allow: allow) != nil)
    #expect(refusal("64:ff9b::a9fe:a9fe", allow: allow) != nil)
    #expect(refusal("64:ff9b::a00:1", allow: allow + ["10.0.0.0/8"]) == nil)
  }
}

/// Addresses with a sentence each on why, in the ranges' names.
enum HostileAddresses {
  static let publicOnes = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255",
    "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15", "169.253.255.255",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
    "198.20.0.0", "203.0.112.255", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111",
    "2a00:1450:4001::1", "2001:4860:4860::8888", "2400::", "3ffe::1",
  ]

  /// Of IPv4; each is also hidden in the forms that carry one inside IPv6.
  static let ipv4 = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "127.0.0.1", "127.1.2.3", "127.255.255.254", "168.63.129.16", "169.254.0.1",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1",
    "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.254", "255.255.255.255",
  ]

  static let ipv6 = [
    "::", "::1", "::2", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254",
    "ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "2001::1", "2001:2::1", "2001:10::1",
    "2001:20::1", "2002::1", "64:ff9b:1::1", "5f00::1", "4000::1", "::ffff:0:1.2.3.4",
    "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:8.8.8.8", "64:ff9b::8.8.8.8", "::8.8.8.8",
    "2002:0808:0808::1",
  ]

  /// An IPv4 address inside IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
  static func hidden(_ address: String) -> [String] {
    let bytes = address.split(separator: ".").compactMap { UInt32($0) }
    let high = String(bytes[0] << 8 | bytes[1], radix: 16)
    let low = String(bytes[2] << 8 | bytes[3], radix: 16)
    let inverted = String((bytes[0] << 8 | bytes[1]) ^ 0xffff, radix: 16)
    let other = String((bytes[2] << 8 | bytes[3]) ^ 0xffff, radix: 16)
    return [
      "::ffff:\(address)", "::\(address)", "::ffff:0:\(address)", "64:ff9b::\(address)",
      "64:ff9b:1::\(high):\(low)", "2002:\(high):\(low)::1",
      "2001:0:4136:e378:8000:63bf:\(inverted):\(other)", "fe80::5efe:\(address)",
      "2a00:1450::5efe:\(address)",
    ]
  }

  static let all = ipv4 + ipv6 + ipv4.flatMap(hidden)
}
