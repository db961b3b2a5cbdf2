// The calls that a day begins with, through a kill, an orderly stop and midnight, with the built
// binary.
import Foundation
import Testing

@Suite("Quota advances")
struct QuotaAdvanceTests {
  private static let limit = 1_000
  /// A five-hundredth of the limit.
  private static let advance = 2

  @Test("A kill takes an advance from each account, once; an orderly stop takes nothing")
  func kill() throws {
    let installation = try Installation(.sqlite)
    let clock = try ShiftedClock(installation.folder)
    clock.set(day: 0, second: 3_600)
    var starts = 0
    func start() throws -> Latchkey {
      starts += 1
      return try Latchkey(
        installation, name: "advance-\(starts)", environment: clock.environment)
    }
    var server = try start()
    defer { server.child.stop(SIGKILL) }
    let keys = try Self.keys(on: server)

    for key in keys { #expect(try Self.calls(key, on: server, atMost: 1) == 1) }
    server.child.stop(SIGKILL)
    server = try start()
    // A second kill takes no second advance of who was not called since.
    #expect(try Self.calls(keys[0], on: server) == Self.limit - Self.advance)
    server.child.stop(SIGKILL)
    server = try start()
    #expect(try Self.calls(keys[0], on: server) == 0)
    #expect(try Self.calls(keys[1], on: server) == Self.limit - Self.advance)

    #expect(server.child.stop() == 0)
    clock.set(day: 3)
    server = try start()
    for key in keys { #expect(try Self.calls(key, on: server, atMost: 1) == 1) }
    #expect(server.child.stop() == 0)
    server = try start()
    for key in keys { #expect(try Self.calls(key, on: server) == Self.limit - 1) }
  }

  private static func keys(on server: Latchkey) throws -> [String] {
    try server.expect(
      201, "POST", "/v1/projects",
      [
        "slug": "demo", "name": "Demo", "policy": ["quota": ["calls": limit]],
      ])
    return try (0..<2).map { number in
      let account = try server.expect(
        201, "POST", "/v1/projects/demo/accounts", ["name": "Account \(number)"])["id"].text()
      return try server.expect(
        201, "POST", "/v1/accounts/\(account)/keys", ["environment": "production"]
      )["secret"].text()
    }
  }

  /// How many of the day's calls pass until one is refused.
  private static func calls(
    _ key: String, on server: Latchkey, atMost most: Int = .max
  ) throws -> Int {
    let wire = try Wire(port: server.apiPort)
    for passed in 0..<most {
      let answer = try wire.request("GET", "/v1/authz/demo", token: key)
      if answer.status == 429 { return passed }
      try #require(answer.status == 200, "\(answer)")
    }
    return most
  }
}
