// What a hostile or careless client sends: garbage keys, broken JSON, bodies that are too large.
// The answer is a problem with its place in the document, and never the end of the server.
import Foundation
import TestSupport
import Testing

@Suite("Bad input", .serialized)
struct BadInputTests {
  @Test("10,000 garbage keys are malformed and never reach the store: it is not even running")
  func garbage() throws {
    let world = try World(.postgres)
    let key = try world.issue()
    world.latchkey.installation.cluster?.stop()
    var random = Seeded(state: 7)
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~")
    func garbage() -> String {
      let body = (0..<Int(random.next() % 80 + 1)).map { _ in alphabet[Int(random.next() % 66)] }
      return (random.next() % 2 == 0 ? "dm_sk_" : "") + String(body)
    }
    let wire = try Wire(port: world.latchkey.apiPort)
    let gateway = try Wire(port: world.latchkey.gatewayPort)
    let token = world.latchkey.installation.operatorKey
    for turn in 0..<10_000 {
      if turn % 2 == 0 {
        let answer = try gateway.request("GET", "/echo", token: garbage())
        #expect(answer.status == 401)
        continue
      }
      let answer = try wire.request(
        "POST", "/v1/verify", token: token, ["project": "demo", "key": garbage()])
      #expect(try answer.json()["code"].string == "malformed")
    }
    #expect(try world.code(key.secret) == "valid")
    #expect(try world.call("/echo", key: key.secret).status == 200)
    let readiness = try Curl.call(world.latchkey.api + "/readyz")
    #expect(readiness.status == 503 && readiness.text.contains("database"), "\(readiness)")
  }

  @Test("Broken documents are 400 or 413 with the place of the mistake, and the server lives")
  func documents() throws {
    let world = try World()
    let deep = String(repeating: "[", count: 100_000)
    let huge = "{\"slug\":\"a\",\"name\":\"" + String(repeating: "x", count: 3_000_000) + "\"}"
    let cases: [(body: String, status: Int, pointer: String?)] = [
      ("", 400, nil), ("{", 400, nil), ("[]", 400, nil), ("null", 400, nil), (deep, 413, nil),
      (String(repeating: "[", count: 10_000), 400, nil),
      ("{\"slug\":\"a\",\"slug\":\"b\",\"name\":\"x\"}", 400, nil),
      ("{\"slug\":1,\"name\":\"x\"}", 400, "/slug"), ("{\"slug\":\"a\"}", 400, "/name"),
      ("{\"slug\":\"a\",\"name\":\"x\",\"nmae\":\"y\"}", 400, "/nmae"),
      (
        "{\"slug\":\"a\",\"name\":\"x\",\"policy\":{\"quota\":{\"calls\":\"many\"}}}", 400,
        "/policy/quota/calls"
      ),
      ("{\"slug\":\"a\",\"name\":1e400000}", 400, nil), (huge, 413, nil),
    ]
    let folder = try Folder()
    for (index, item) in cases.enumerated() {
      let file = try folder.write("body-\(index)", item.body)
      let answer = try Curl.json(
        "POST", world.latchkey.api + "/v1/projects", token: world.latchkey.installation.operatorKey,
        headers: ["Content-Type: application/json"], arguments: ["--data-binary", "@\(file)"])
      #expect(answer.status == item.status, "\(item.body.prefix(60)): \(answer)")
      #expect(answer.header("Content-Type") == "application/problem+json")
      guard let pointer = item.pointer else { continue }
      let pointers = try answer.json()["errors"].array?.compactMap { $0["pointer"].string } ?? []
      #expect(pointers.contains { $0.hasSuffix(pointer) }, "\(answer)")
    }
    try Data([0x7B, 0x22, 0xC0, 0xAF, 0x22, 0x3A, 0x31, 0x7D])
      .write(to: URL(filePath: folder.file("utf8")))
    let invalid = try Curl.json(
      "POST", world.latchkey.api + "/v1/verify", token: world.latchkey.installation.operatorKey,
      headers: ["Content-Type: application/json"],
      arguments: ["--data-binary", "@\(folder.file("utf8"))"])
    #expect(invalid.status == 400)
    #expect(world.latchkey.child.status == nil)
    #expect(try world.code(world.issue().secret) == "valid")
  }

  @Test("Answers carry a request id and are never cached; an unknown path and method say so")
  func conventions() throws {
    let world = try World()
    let found = try world.latchkey.call("GET", "/v1/projects/demo")
    #expect(found.header("X-Request-Id")?.isEmpty == false)
    #expect(found.header("Cache-Control") == "no-store")
    #expect(found.header("X-Content-Type-Options") == "nosniff")
    #expect(try world.latchkey.call("GET", "/v1/nothing").status == 404)
    let method = try world.latchkey.call("PUT", "/v1/projects")
    #expect(method.status == 405)
    #expect(method.header("Allow")?.contains("POST") == true)
    let anonymous = try Curl.json("GET", world.latchkey.api + "/v1/projects")
    #expect(anonymous.status == 401)
    #expect(anonymous.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
    #expect(try anonymous.json().names.isSuperset(of: ["type", "title", "status", "code"]))
  }
}
