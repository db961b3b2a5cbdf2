// The profile `truecontext` held to the vendor's statements about accounting, by their numbers, on
// a server whose clock the test moves.
import Foundation
import Testing

@Suite("Profile truecontext, accounting", .serialized)
struct TrueContextMeteringTests {
  private static let limit = 2_500
  let vendor: Vendor
  let clock: ShiftedClock
  let customer: Vendor.Customer

  private struct Issued {
    var application: String
    var key: String
    var credential: String
  }

  init() throws {
    vendor = try Vendor("truecontext") { try ShiftedClock($0) }
    clock = try #require(vendor.world.clock)
    clock.set(day: 0, second: 12 * 3600)
    customer = try vendor.customer()
  }

  private func issue(_ name: String = "Integration") throws -> Issued {
    let made = try vendor.ask(
      201, "POST", "/v1/accounts/\(customer.id)/applications", ["name": name])
    let pair = try "\(made["key"]["public_id"].text()):\(made["key"]["secret"].text())"
    return Issued(
      application: try made["id"].text(), key: try made["key"]["id"].text(),
      credential: "Authorization: Basic \(Data(pair.utf8).base64EncodedString())")
  }

  private func statuses(_ count: Int, _ one: Issued) throws -> [Int: Int] {
    try vendor.burst(count, [one.credential]).reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  private func usage() throws -> JSON {
    try vendor.ask(200, "GET", "/v1/accounts/\(customer.id)/usage")
  }

  private func calls(of one: Issued, in usage: JSON) throws -> JSON {
    try #require(usage["keys"].array?.first { $0["key_id"].string == one.key })
  }

  @Test(
    """
    TC-20 TC-21 TC-31 2,500 calls a day for all keys of an account together, then 402 \
    CallCountExpended until 00:00 UTC
    """)
  func quota() throws {
    let (one, two) = (try issue(), try issue("Second"))
    #expect(try statuses(1_500, one) == [200: 1_500])
    #expect(try statuses(1_020, two) == [200: 1_000, 402: 20])
    for key in [one, two] {
      let refused = try vendor.call([key.credential])
      #expect(refused.status == 402 && refused.body.isEmpty)
      #expect(refused.header("X-ProntoForms-ErrorCode") == "CallCountExpended")
      #expect(refused.header("X-ProntoForms-RequestId")?.hasPrefix("req_") == true)
    }
    clock.set(day: 0, second: 86_390)
    #expect(try vendor.call([one.credential]).status == 402)
    clock.set(day: 1, second: 1)
    #expect(try vendor.call([two.credential]).status == 200)
    let quota = try usage()["quota"]
    #expect(quota["limit"].int == Self.limit && quota["remaining"].int == Self.limit - 1)
  }

  @Test(
    """
    TC-24 TC-25 The account's calls and balance, and of each key name, id, count and last call; \
    the column starts anew at 00:30 UTC, the balance at 00:00
    """)
  func page() throws {
    let (one, two) = (try issue("First"), try issue("Second"))
    #expect(try statuses(7, one) == [200: 7])
    #expect(try statuses(2, two) == [200: 2])
    let today = try usage()
    #expect(today["quota"]["used"].int == 9)
    #expect(today["quota"]["remaining"].int == Self.limit - 9)
    #expect(try calls(of: one, in: today)["calls"].int == 7)
    #expect(try calls(of: two, in: today)["calls"].int == 2)
    let first = try vendor.ask(200, "GET", "/v1/keys/\(one.key)")
    #expect(first["public_id"].string?.hasPrefix("PFK-") == true)
    let last = try calls(of: one, in: today)["last_call_at"].text()
    #expect(last == first["last_used_at"].string)
    let application = try vendor.ask(200, "GET", "/v1/applications/\(one.application)")
    #expect(application["name"].string == "First")
    clock.set(day: 1, second: 10 * 60)
    let between = try usage()
    #expect(between["quota"]["remaining"].int == Self.limit)
    #expect(try calls(of: one, in: between)["calls"].int == 7)
    let reset = try calls(of: one, in: between)["calls_reset_at"].text()
    #expect(reset.hasSuffix("T00:30:00Z"))
    #expect(try between["quota"]["resets_at"].text().hasSuffix("T00:00:00Z"))
    #expect(try statuses(1, one) == [200: 1])
    #expect(try calls(of: one, in: usage())["calls"].int == 8)
    clock.set(day: 1, second: 31 * 60)
    let after = try usage()
    #expect(after["quota"]["remaining"].int == Self.limit - 1)
    #expect(try calls(of: one, in: after)["calls"].int == 0)
    #expect(try calls(of: two, in: after)["calls"].int == 0)
  }

  @Test("TC-26 Calls that are refused count nowhere")
  func refused() throws {
    let one = try issue()
    let readOnly = try vendor.ask(
      201, "POST", "/v1/accounts/\(customer.id)/applications",
      ["name": "Reader", "access": "read_only"])
    let reader = try "\(readOnly["key"]["public_id"].text()):\(readOnly["key"]["secret"].text())"
    #expect(
      try vendor.call(
        ["Authorization: Basic \(Data(reader.utf8).base64EncodedString())"], method: "POST"
      ).status == 403)
    let lines = "Host: localhost\r\n\(one.credential)\r\n\r\n"
    let slow = try (0..<3).map { _ in
      let wire = try Wire(port: vendor.world.latchkey.gatewayPort)
      try wire.send(Array("GET /slow?ms=2000 HTTP/1.1\r\n\(lines)".utf8))
      return wire
    }
    let seen = poll(seconds: 1.5) { (try? vendor.call([one.credential]).status) == 429 }
    #expect(seen)
    for wire in slow { #expect(try wire.receive().status == 200) }
    let before = try #require(try usage()["quota"]["used"].int)
    #expect(try statuses(Self.limit - before, one) == [200: Self.limit - before])
    #expect(try statuses(10, one) == [402: 10])
    let after = try usage()
    #expect(after["quota"]["used"].int == Self.limit)
    #expect(try calls(of: one, in: after)["calls"].int == Self.limit)
  }

  @Test("TC-27 Deleting an application gives no call back")
  func deletion() throws {
    let (one, two) = (try issue(), try issue("Second"))
    #expect(try statuses(2_490, one) == [200: 2_490])
    try vendor.ask(204, "DELETE", "/v1/applications/\(one.application)")
    #expect(try vendor.call([one.credential]).status == 401)
    #expect(try statuses(11, two) == [200: 10, 402: 1])
    #expect(try usage()["quota"]["remaining"].int == 0)
  }
}
