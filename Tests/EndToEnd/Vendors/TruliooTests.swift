// The profile `trulioo` held to the vendor's own statements, by their numbers. Auto cycling is
// tested with auto cycling.
import Foundation
import Testing

@Suite("Profile trulioo", .serialized)
struct TruliooTests {
  static let shared = Result { try Vendor("trulioo") }
  let vendor: Vendor
  init() throws { vendor = try Self.shared.get() }

  private func call(_ key: String, path: String = "/echo") throws -> Answer {
    try vendor.call(["x-trulioo-api-key: \(key)"], path: path)
  }

  @Test("TRU-1 TRU-3 TRU-5 The key is 32 hex characters in one header, the same in both modes")
  func carrier() throws {
    let key = try vendor.key(try vendor.customer())["secret"].text()
    #expect(key.wholeMatch(of: /[0-9a-f]{32}/) != nil)
    for path in ["/echo", "/trial/connection/v1/test", "/live/connection/v1/test"] {
      #expect(try call(key, path: path).status == 200)
    }
    #expect(try vendor.call(["X-TRULIOO-API-KEY: \(key)"]).status == 200)
    #expect(try vendor.call(["Authorization: Bearer \(key)"]).status == 401)
  }

  @Test("TRU-4 A call without a credential and one with a wrong key are 401, each with its text")
  func refused() throws {
    let missing = try vendor.call([])
    #expect(missing.status == 401 && missing.text.contains("Missing authorization header"))
    for key in [String(repeating: "a", count: 32), "ABC", String(repeating: "é", count: 16)] {
      let answer = try call(key)
      #expect(answer.status == 401 && answer.text.contains("Unauthorized"))
    }
  }

  @Test("TRU-37 Exactly one back-end key is active per account")
  func one() throws {
    let customer = try vendor.customer()
    let key = try vendor.key(customer)
    let path = "/v1/accounts/\(customer.id)/keys"
    #expect(try vendor.code(409, "POST", path, [:]) == "key_limit_reached")
    #expect(try vendor.code(409, "DELETE", "/v1/keys/\(key["id"].text())") == "last_key")
  }

  @Test("TRU-38 Regenerating replaces the key at once; both can be read in the portal's way")
  func regenerate() throws {
    let old = try vendor.key(try vendor.customer())
    let id = try old["id"].text()
    let new = try vendor.ask(201, "POST", "/v1/keys/\(id)/reset", [:])["secret"].text()
    #expect(try call(try old["secret"].text()).status == 401)
    #expect(try call(new).status == 200)
    #expect(try vendor.ask(200, "POST", "/v1/keys/\(id)/reveal", [:])["secret"].string == new)
  }
}
