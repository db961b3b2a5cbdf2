// Limits while many ask at the same time, on each store; on PostgreSQL through two servers at once.
import Foundation
import Testing

@Suite("Limits under load", .serialized)
struct LimitRaceTests {
  private struct Crowd {
    let nodes: [Latchkey]

    init(_ store: Store, policy: [String: Any]) throws {
      let world = try World(store, policy: policy)
      nodes =
        store == .postgres
        ? [world.latchkey, try world.latchkey.installation.serveSecond()] : [world.latchkey]
    }

    func account() throws -> String {
      try nodes[0].expect(201, "POST", "/v1/projects/demo/accounts", ["name": "Crowd"])["id"].text()
    }

    /// 200 requests from 20 connections at once, the nodes in turn; how often each status came.
    func ask(
      _ method: String, headers: [String] = [], _ body: [String: Any]?,
      _ path: @escaping @Sendable (Int) -> String
    ) -> [Int: Int] {
      let lock = NSLock()
      nonisolated(unsafe) var statuses: [Int: Int] = [:]
      nonisolated(unsafe) let body = body
      let token = nodes[0].installation.operatorKey
      DispatchQueue.concurrentPerform(iterations: 20) { [nodes] lane in
        guard let wire = try? Wire(port: nodes[lane % nodes.count].apiPort) else { return }
        for turn in 0..<10 {
          let answer = try? wire.request(
            method, path(lane * 10 + turn), token: token, body, headers: headers)
          lock.withLock { statuses[answer?.status ?? 0, default: 0] += 1 }
        }
      }
      return statuses
    }

    func active(_ account: String, _ environment: String = "production") throws -> [String] {
      let path = "/v1/accounts/\(account)/keys?state=active&environment=\(environment)"
      return try nodes[0].expect(200, "GET", path)["data"].array?.map { try $0["id"].text() } ?? []
    }
  }

  @Test("Of 200 at once as many succeed as there is room for", arguments: Store.allCases)
  func limits(store: Store) throws {
    var policy = TwoEnvironments.policy
    policy["limits"] = ["keys": ["max": 3, "min": 1, "per": "environment"]]
    policy["applications"] = ["max": 2, "key_on_create": true]
    let crowd = try Crowd(store, policy: policy)
    let account = try crowd.account()
    let applications = crowd.ask("POST", ["name": "Integration"]) { _ in
      "/v1/accounts/\(account)/applications"
    }
    #expect(applications == [201: 2, 409: 198])
    #expect(try crowd.active(account).count == 2)
    let application = try crowd.nodes[0].expect(
      200, "GET", "/v1/accounts/\(account)/applications")["data"].array?.first?["id"].text()
    let body = ["environment": "sandbox", "application_id": try #require(application)]
    let path = "/v1/accounts/\(account)/keys"
    let repeated = crowd.ask("POST", headers: ["Idempotency-Key: once"], body) { _ in path }
    #expect(repeated.keys.allSatisfy { [201, 409].contains($0) }, "\(repeated)")
    #expect(try crowd.active(account, "sandbox").count == 1)
    #expect(crowd.ask("POST", body) { _ in path } == [201: 2, 409: 198])
    let keys = try crowd.active(account, "sandbox")
    try #require(keys.count == 3)
    // Each is asked for many times; revoking what is revoked already is no change.
    let removals = crowd.ask("DELETE", nil) { "/v1/keys/\(keys[$0 % 3])" }
    #expect(try crowd.active(account, "sandbox").count == 1)
    #expect(removals.keys.allSatisfy { [204, 409].contains($0) }, "\(removals)")
  }
}
