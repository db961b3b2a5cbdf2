// One running server per profile, for the tests that hold a profile to its vendor's statements;
// each test takes a fresh account, so that limits of one do not reach another.
import Foundation
import Testing

final class Vendor: Sendable {
  let world: World

  init(_ profile: String, clock: ((Folder) throws -> ShiftedClock)? = nil) throws {
    world = try World(profile: profile, policy: [:], clock: clock)
  }

  struct Customer {
    var id: String
    var clientID: String
    var username: String
  }

  func customer(_ more: [String: Any] = [:]) throws -> Customer {
    let body = more.merging(["name": "Customer"]) { $1 }
    let made = try world.latchkey.expect(201, "POST", "/v1/projects/demo/accounts", body)
    return Customer(
      id: try made["id"].text(), clientID: try made["client_id"].text(),
      username: try made["username"].text())
  }

  @discardableResult
  func ask(_ status: Int, _ method: String, _ path: String, _ body: Any? = nil) throws -> JSON {
    try world.latchkey.expect(status, method, path, body)
  }

  func key(_ customer: Customer, _ body: [String: Any] = [:]) throws -> JSON {
    try ask(201, "POST", "/v1/accounts/\(customer.id)/keys", body)
  }

  /// The `code` of a refused request.
  func code(_ status: Int, _ method: String, _ path: String, _ body: Any? = nil) throws -> String {
    try ask(status, method, path, body)["code"].text()
  }

  /// So many calls on one connection, all sent before the first answer is read.
  func burst(
    _ count: Int, _ headers: [String], path: String = "/echo", method: String = "GET"
  ) throws -> [Answer] {
    try world.burst(count, headers, path: path, method: method)
  }

  func call(
    _ headers: [String], path: String = "/echo", method: String = "GET"
  ) throws -> Answer {
    try world.call(path, method: method, headers: headers)
  }
}

extension World {
  func burst(
    _ count: Int, _ headers: [String], path: String = "/echo", method: String = "GET"
  ) throws -> [Answer] {
    let wire = try Wire(port: latchkey.gatewayPort)
    let host = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: localhost"]
    let length = method == "GET" ? [] : ["Content-Length: 0"]
    let lines = (host + headers + length).map { $0 + "\r\n" }.joined()
    let one = Array("\(method) \(path) HTTP/1.1\r\n\(lines)\r\n".utf8)
    var answers: [Answer] = []
    // Not more at once than the server's socket takes while it answers.
    while answers.count < count {
      let some = min(50, count - answers.count)
      try wire.send(Array(repeatElement(one, count: some).joined()))
      for _ in 0..<some { answers.append(try wire.receive()) }
    }
    return answers
  }
}
