// Real HAProxy with the two snippets of docs/forward-auth.md. Only the addresses in them are
// changed.
import Foundation
import Testing

@Suite("HAProxy with the documented Lua", .serialized)
struct HAProxyTests {
  let world: World
  private let folder: Folder
  private let haproxy: Child
  private let url: String

  init() throws {
    world = try World(arguments: ["--trusted-proxy", "127.0.0.1/32"])
    folder = try Folder()
    let port = try freePort()
    let page = try String(
      contentsOfFile: Place.repository + "/docs/forward-auth.md", encoding: .utf8)
    func snippet(_ language: String) throws -> String {
      let parts = page.components(separatedBy: "```\(language)\n")
      try #require(parts.count == 2)
      return parts[1].components(separatedBy: "```")[0]
    }
    let script = try folder.write(
      "latchkey.lua",
      snippet("lua").replacing("127.0.0.1:8080", with: "127.0.0.1:\(world.latchkey.apiPort)"))
    let upstream = world.upstream.replacing("http://", with: "")
    let defaults =
      "defaults\n mode http\n timeout connect 5s\n timeout client 30s\n"
      + " timeout server 30s\nfrontend api"
    let config = try folder.write(
      "haproxy.cfg",
      snippet("haproxy").replacing("/etc/haproxy/latchkey.lua", with: script)
        .replacing("bind :8000", with: "bind 127.0.0.1:\(port)")
        .replacing("127.0.0.1:9000", with: upstream).replacing("frontend api", with: defaults))
    haproxy = try Child(
      ["/usr/sbin/haproxy", "-db", "-f", config], folder: folder.path, name: "haproxy")
    try waitForPort(port, of: haproxy)
    url = "http://127.0.0.1:\(port)/echo"
  }

  @Test("A key passes with its own address and nothing forged; without one it is 401 and told why")
  func passesAndRefuses() throws {
    let key = try world.issue()
    let forged = [
      "X-Latchkey-Key: forged", "X-Latchkey-Lease: forged", "X-Forwarded-For: 198.51.100.7",
      "Forwarded: for=198.51.100.7",
    ]
    let passed = try Curl.call(
      url,
      ["--interface", "127.0.0.2", "-H", "Authorization: Bearer \(key.secret)"]
        + forged.flatMap { ["-H", $0] })
    #expect(passed.status == 200, "\(passed)")
    #expect(!passed.text.contains("forged") && !passed.text.contains(key.secret))
    #expect(!passed.text.contains("198.51.100.7"), "\(passed.text)")
    #expect(passed.text.contains(key.id))
    #expect(try world.addresses() == ["127.0.0.2"])
    let missing = try Curl.call(url, [])
    #expect(missing.status == 401)
    #expect(missing.header("WWW-Authenticate")?.hasPrefix("Bearer") == true, "\(missing)")
  }
}
