// The client kits and their examples against the built binary.
import Foundation
import LatchkeyClient
import Testing

@Suite("Client kits", .serialized)
struct ClientKitTests {
  private static let examples = Place.repository + "/clients/examples/"

  private func example(
    _ name: String, _ arguments: [String], token: String, input: String = ""
  ) throws -> Finished {
    let folder = try Folder()
    let file = try folder.write("input", input)
    return try run(
      ["sh", "-c", "exec python3 -B \"$0\" \"$@\" < \(file)", Self.examples + name] + arguments,
      environment: ["LATCHKEY_TOKEN": token])
  }

  @Test("The Python file's own tests pass")
  func python() throws {
    let tested = try run([
      "sh", "-c", "cd \(Place.repository)/clients/python && exec python3 -B -m unittest -v",
    ])
    #expect(tested.status == 0 && tested.errors.contains("OK"), "\(tested)")
  }

  @Test("The examples verify a call and renew an account's keys")
  func examples() throws {
    let world = try World()
    let key = try world.issue()
    let token = world.latchkey.installation.operatorKey
    let call = [world.latchkey.api, "demo", "GET", "/v1/orders"]
    let passed = try example("verify.py", call, token: token, input: key.secret)
    #expect(passed.status == 0 && passed.output == "valid \(world.account)\n", "\(passed)")
    let unknown = try example("verify.py", call, token: token, input: "nonsense")
    #expect(unknown.status == 10 && unknown.output == "malformed -\n", "\(unknown)")
    let nobody = try example(
      "verify.py", ["http://127.0.0.1:\(try freePort())"] + call.dropFirst(), token: token,
      input: key.secret)
    #expect(nobody.status == 6, "\(nobody)")
    let renewed = try example(
      "rotate_keys.py", [world.latchkey.api, world.account, "3600"], token: token)
    #expect(renewed.status == 0 && renewed.output.hasPrefix(key.id), "\(renewed)")
    #expect(renewed.output.contains("T") && !renewed.output.contains("at once"))
    let shown = try world.latchkey.expect(200, "GET", "/v1/keys/\(key.id)")
    #expect(shown["versions"].array?.count == 2)
    #expect(try world.code(key.secret) == "valid")
    for finished in [passed, unknown, nobody, renewed] {
      #expect(!(finished.output + finished.errors).contains(key.secret))
      #expect(!(finished.output + finished.errors).contains(token))
    }
  }

  @Test("The receiver takes events and keys, each once, and answers as the server wants")
  func receiver() throws {
    let folder = try Folder()
    let port = try freePort()
    let secret = Data((0..<24).map { UInt8($0) }).base64EncodedString()
    let child = try Child(
      ["python3", "-B", Self.examples + "receiver.py", "\(port)", folder.file("key.json")],
      environment: ["WEBHOOK_SECRET": "whsec_\(secret)"], folder: folder.path, name: "receiver")
    let isUp = poll(seconds: 20) { (try? Wire(port: port)) != nil || child.status != nil }
    try #require(isUp && child.status == nil, "\(child.errors)")
    func post(_ path: String, _ body: String, _ headers: [String] = []) throws -> Answer {
      let file = try folder.write("body", body)
      return try Curl.call(
        "http://127.0.0.1:\(port)\(path)",
        ["--request", "POST", "--data-binary", "@\(file)"]
          + headers.flatMap { ["--header", $0] })
    }
    func signature(_ message: String) throws -> String {
      let file = try folder.write("message", message)
      let key = (0..<24).map { String(format: "%02x", $0) }.joined()
      let made = try run([
        "sh", "-c",
        "openssl dgst -sha256 -mac HMAC -macopt hexkey:\(key) -binary \(file) | base64",
      ])
      return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let event = #"{"id":"evt_1","type":"key.revoked"}"#
    let now = Int(Date().timeIntervalSince1970)
    let headers = [
      "webhook-id: evt_1", "webhook-timestamp: \(now)",
      "webhook-signature: v1,\(try signature("evt_1.\(now).\(event)"))",
    ]
    #expect(try post("/webhooks", event, headers).status == 200)
    #expect(try post("/webhooks", event, headers).status == 200)
    #expect(try post("/webhooks", event + " ", headers).status == 400)
    #expect(try post("/webhooks", event).status == 400)
    #expect(child.output == "key.revoked evt_1\n")
    let delivery = #"{"requestId":"r-1","apiKey":"k-1","generation":1}"#
    for _ in 0..<2 {
      let answer = try post("/keys", delivery)
      #expect(answer.status == 200)
      #expect(try answer.json()["requestId"].string == "r-1")
      #expect(try answer.json()["proof"].string?.count == 64)
      #expect(!answer.text.contains("k-1"))
    }
    #expect(try post("/keys", #"{"requestId":"r-0","apiKey":"k-0","generation":0}"#).status == 200)
    #expect(try post("/keys", "nonsense").status == 400)
    let stored = try JSON(
      parsing: FileManager.default.contents(atPath: folder.file("key.json")) ?? Data())
    #expect(stored["generation"].int == 1)
    #expect(!child.errors.contains("k-1"))
  }

  @Test("The Swift library verifies calls and manages keys")
  func swift() async throws {
    let world = try World()
    let url = try #require(URL(string: world.latchkey.api))
    let server = LatchkeyServer(url: url, operatorKey: world.latchkey.installation.operatorKey)
    let made = try await server.createKey(
      account: world.account, environment: "production", name: "ci", idempotencyKey: "once")
    let again = try await server.createKey(
      account: world.account, environment: "production", name: "ci", idempotencyKey: "once")
    #expect(made.id == again.id && made.name == "ci")
    let secret = try #require(made.secret)
    var call = LatchkeyServer.Call(project: "demo", key: secret)
    call.method = "GET"
    call.path = "/x"
    let verdict = try await server.verify(call)
    #expect(verdict.valid && verdict.code == "valid" && verdict.keyID == made.id)
    let byHeaders = try await server.verify(
      .init(project: "demo", headers: ["Authorization": "Bearer \(secret)"]))
    #expect(byHeaders.valid && byHeaders.accountID == world.account)
    let rotated = try await server.rotateKey(made.id, overlapSeconds: 60)
    #expect(rotated.secret != nil && rotated.secret != secret)
    #expect(try await server.keys(account: world.account).map(\.id) == [made.id])
    try await server.revokeKey(made.id)
    #expect(try await server.verify(call).code == "revoked")
    do {
      _ = try await server.rotateKey(made.id)
      Issue.record("a revoked key got a new secret")
    } catch let refusal as LatchkeyServer.Refusal {
      #expect(refusal.status == 409 && !refusal.code.isEmpty && !refusal.detail.isEmpty)
    }
  }
}
