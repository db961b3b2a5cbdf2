// Addresses and ranges: what is read, what is refused, how they are printed.

import Testing

@testable import HTTPServer

@Suite("Addresses")
struct IPAddressTests {
  @Test(
    "an address is printed in its one canonical form",
    arguments: [
      ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
      ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
      ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("::ffff:10.1.2.3", "10.1.2.3"), ("0:0:0:0:0:ffff:0a01:0203", "10.1.2.3"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
      ("fe80:0:0:0:0:0:0:0", "fe80::"),
    ])
  func canonical(_ given: String, _ printed: String) {
    #expect(IPAddress(given)?.text == printed)
  }

  @Test(
    "what is not exactly an address is refused",
    arguments: [
      "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ",
      "0x7f.0.0.1",
      ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::",
      "g::",
      "::1%eth0", "[::1]", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "1:", ":1", "::ffff:1.2.3.4.5",
    ])
  func refused(_ given: String) {
    #expect(IPAddress(given) == nil)
  }

  @Test("a range holds its own and nothing beside it")
  func ranges() throws {
    let ten = try #require(CIDR("10.0.0.0/8"))
    #expect(ten.contains(try #require(IPAddress("10.255.255.255"))))
    #expect(!ten.contains(try #require(IPAddress("11.0.0.0"))))
    #expect(!ten.contains(try #require(IPAddress("::10.0.0.1"))))
    let local = try #require(CIDR("fd00::/8"))
    #expect(local.contains(try #require(IPAddress("fdff::1"))))
    #expect(!local.contains(try #require(IPAddress("fe00::1"))))
    let one = try #require(CIDR("192.0.2.7"))
    #expect(one.contains(try #require(IPAddress("::ffff:192.0.2.7"))))
    #expect(!one.contains(try #require(IPAddress("192.0.2.6"))))
    let all = try #require(CIDR("0.0.0.0/0"))
    #expect(all.contains(try #require(IPAddress("8.8.8.8"))))
    #expect(!all.contains(try #require(IPAddress("2001:db8::1"))))
  }

  @Test("a range is printed with its prefix")
  func printedRanges() {
    #expect(CIDR("10.1.2.3/8")?.text == "10.0.0.0/8")
    #expect(CIDR("2001:db8::1/32")?.text == "2001:db8::/32")
    #expect(CIDR("192.0.2.7")?.text == "192.0.2.7/32")
  }

  @Test(
    "a range with a bad prefix is refused",
    arguments: [
      "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "/8", "10.0.0.0/8/8",
    ])
  func refusedRanges(_ given: String) {
    #expect(CIDR(given) == nil)
  }
}
