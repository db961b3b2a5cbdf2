// Real nginx with the configuration that ships in packaging/nginx, asking Latchkey before each
// call. Only the addresses in it are changed.
import Foundation
import Testing

@Suite("nginx with auth_request", .serialized)
struct NginxTests {
  let world: World
  let echo: EchoServer
  let nginx: Nginx
  let url: String

  init() throws {
    // As the file's head asks for.
    world = try World(arguments: ["--trusted-proxy", "127.0.0.1/32"])
    echo = try EchoServer()
    let port = try freePort()
    let shipped = Place.repository + "/packaging/nginx/latchkey.conf"
    let config = try String(contentsOfFile: shipped, encoding: .utf8)
      .replacing("127.0.0.1:8080", with: "127.0.0.1:\(world.latchkey.apiPort)")
      .replacing("127.0.0.1:9000", with: "127.0.0.1:\(echo.port)")
      .replacing("listen 8000", with: "listen 127.0.0.1:\(port)")
    nginx = try Nginx(folder: Folder(), http: config, ports: [port])
    url = "http://127.0.0.1:\(port)"
  }

  private func call(
    _ path: String, key: String?, method: String = "GET", headers: [String] = []
  ) throws -> Answer {
    try Curl.json(method, url + path, token: key, headers: headers)
  }

  @Test("A key passes with its identity; without one, or once it is revoked, it is 401")
  func passesAndRefuses() throws {
    let key = try world.issue()
    let passed = try call("/echo/orders?page=2", key: key.secret, method: "POST")
    #expect(passed.status == 200)
    let json = try passed.json()
    #expect(json["target"].string == "/echo/orders?page=2")
    let headers = json["headers"].array ?? []
    func values(_ name: String) -> [String] {
      headers.filter { $0[0].string?.lowercased() == name }.compactMap { $0[1].string }
    }
    #expect(values("x-latchkey-key") == [key.id])
    #expect(values("x-latchkey-account") == [world.account])
    #expect(values("x-latchkey-assertion").count == 1)
    #expect(values("authorization").isEmpty)
    #expect(!passed.text.contains(key.secret))
    let missing = try call("/echo", key: nil)
    #expect(missing.status == 401)
    #expect(missing.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
    try world.revoke(key)
    #expect(try call("/echo", key: key.secret).status == 401)
  }

  @Test("The original method and target decide, not those nginx asks with")
  func originals() throws {
    let reader = try world.issue("production", ["access": "read_only"])
    #expect(try call("/echo", key: reader.secret).status == 200)
    #expect(try call("/echo", key: reader.secret, method: "DELETE").status == 403)
    let told = ["X-Forwarded-Method: GET", "X-Original-Method: GET"]
    #expect(try call("/echo", key: reader.secret, method: "DELETE", headers: told).status == 403)
    let routes = [["method": "GET", "path": "/echo/reports*"]]
    let bound = try world.issue("production", ["routes": routes])
    #expect(try call("/echo/reports/1", key: bound.secret).status == 200)
    #expect(try call("/echo/orders", key: bound.secret).status == 403)
    let forged = ["X-Original-URI: /echo/reports/1", "X-Forwarded-Uri: /echo/reports/1"]
    #expect(try call("/echo/orders", key: bound.secret, headers: forged).status == 403)
  }

  @Test("No forged identity reaches the API, in whatever spelling")
  func forged() throws {
    let key = try world.issue()
    let headers = [
      "X-Latchkey-Account: acc_forged", "X_Latchkey_Account: acc_forged",
      "x-latchkey-key: key_forged", "X.Latchkey.Key: key_forged",
      "X-Latchkey-Assertion: v1.forged.forged", "Connection: X-Latchkey-Account",
    ]
    let passed = try call("/echo", key: key.secret, headers: headers)
    #expect(passed.status == 200)
    #expect(!passed.text.contains("forged"))
    #expect(passed.text.contains(world.account))
  }

  @Test("Callers have their own address on record, not nginx's and not one of their choice")
  func addresses() throws {
    let key = try world.issue()
    let told = ["X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7"]
    let answer = try Curl.call(
      url + "/echo",
      ["--interface", "127.0.0.2", "-H", "Authorization: Bearer \(key.secret)"]
        + told.flatMap { ["-H", $0] })
    #expect(answer.status == 200)
    #expect(try world.addresses() == ["127.0.0.2"])
  }

  @Test("A Latchkey that is down lets nothing pass")
  func down() throws {
    let key = try world.issue()
    world.latchkey.child.stop(SIGTERM)
    #expect(try call("/echo", key: key.secret).status == 500)
  }
}
