// No secret is ever written down: not in a log, a file, the database or the metrics, neither as it
// is nor as base 64 or hexadecimal digits.
import Foundation
import Testing

@Suite("Canaries", .serialized)
struct CanaryTests {
  @Test("The search itself finds every form")
  func search() {
    let canary = Canary("dm_sk_abcdefghijklmnop")
    let secret = Data("dm_sk_abcdefghijklmnop".utf8)
    for prefix in ["", "a", "ab", "abc"] {
      let text = (Data(prefix.utf8) + secret + Data("tail".utf8)).base64EncodedString()
      #expect(!canary.forms(in: Data(text.utf8)).isEmpty, "after \(prefix)")
    }
    let hex = secret.map { String(format: "%02X", $0) }.joined()
    #expect(canary.forms(in: Data(hex.utf8)) == ["HEX"])
    #expect(canary.forms(in: Data("dm_sk_abcdefghijklmno".utf8)).isEmpty)
  }

  @Test(
    "No secret stands in any file, the database, the logs or the metrics",
    arguments: Store.allCases)
  func nowhere(store: Store) throws {
    let world = try World(store, policy: Self.revealing)
    let secrets = try use(world)
    var places = [("/metrics", try Curl.call(world.latchkey.metrics).body)]
    places.append(("pg_dump", Data(try world.latchkey.installation.databaseDump().utf8)))
    places += Folder.contents(of: world.latchkey.installation.folder.path)
    world.latchkey.child.stop(SIGTERM)
    places += Folder.contents(of: world.latchkey.installation.folder.path)
    #expect(places.contains { $0.0.hasSuffix("serve.err") })
    if store == .sqlite {
      #expect(places.contains { $0.0.contains("data/") && $0.0.contains("db") })
    }
    for (name, secret) in secrets {
      for (place, bytes) in places {
        let forms = Canary(secret).forms(in: bytes)
        #expect(forms.isEmpty, "the \(name) stands in \(place)")
      }
    }
  }

  /// The default policy with secrets that can be read again, so that they are stored (sealed).
  private static var revealing: [String: Any] {
    var policy = TwoEnvironments.policy
    let environments = policy["environments"] as? [[String: Any]] ?? []
    policy["environments"] = environments.map { $0.merging(["reveal": "always"]) { $1 } }
    return policy
  }

  /// Presents secrets in every way that could make somebody write them down.
  private func use(_ world: World) throws -> [(name: String, secret: String)] {
    let latchkey = world.latchkey
    var secrets = [("operator key", latchkey.installation.operatorKey)]
    let key = try world.issue("production", ["description": "canary"])
    let rotated = try latchkey.expect(
      201, "POST", "/v1/keys/\(key.id)/rotate", ["overlap_seconds": 60])
    let replayed = try latchkey.call(
      "POST", "/v1/accounts/\(world.account)/keys", ["environment": "sandbox"],
      headers: ["Idempotency-Key: canary"])
    secrets.append(("secret", key.secret))
    secrets.append(("rotated secret", try rotated["secret"].text()))
    secrets.append(("secret of an idempotent answer", try replayed.json()["secret"].text()))
    _ = try latchkey.call("POST", "/v1/keys/\(key.id)/reveal", [:])
    let client = try latchkey.call(
      "POST", "/v1/accounts/\(world.account)/client-secret/reveal", [:])
    secrets.append(("client secret", try client.json()["client_secret"].text()))
    let broken = String(key.secret.dropLast()) + "~"
    secrets.append(("malformed secret", broken))
    for secret in [key.secret, broken] {
      _ = try world.verify(["key": secret])
      _ = try world.call("/echo?key=\(secret)", key: secret)
      _ = try world.call("/\(secret)", headers: ["Cookie: key=\(secret)", "X-Api-Key: \(secret)"])
      _ = try Curl.json("GET", latchkey.api + "/v1/authz/demo", token: secret)
      _ = try Curl.json("GET", latchkey.api + "/v1/keys/\(secret)?key=\(secret)", token: secret)
      _ = try latchkey.call("POST", "/v1/projects", ["slug": secret, secret: secret])
      _ = try Curl.call(latchkey.api + "/v1/verify", ["--data-binary", "{\"key\":\"\(secret)\","])
    }
    try world.revoke(key)
    return secrets
  }
}
