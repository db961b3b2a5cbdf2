// One running server per profile, for the tests that hold a profile to its vendor's statements;
// each test takes a fresh account, so that limits of one do not reach another.
import Foundation
import Testing

final class Vendor: Sendable {
  let world: World

  init(_ profile: String) throws { world = try World(profile: profile, policy: [:]) }

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

  func call(
    _ headers: [String], path: String = "/echo", method: String = "GET"
  ) throws -> Answer {
    try world.call(path, method: method, headers: headers)
  }
}
