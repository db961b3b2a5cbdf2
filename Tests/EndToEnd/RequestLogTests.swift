// The request log of the built binary: each call once, by all doors, in pages, exports, streams and
// the command line; nothing of it lost by an end of the server but what the contract allows.
import Foundation
import TestSupport
import Testing

@Suite("Request log", .serialized)
struct RequestLogTests {
  private static func rows(_ world: World, _ query: String = "") throws -> [JSON] {
    let path = "/v1/accounts/\(world.account)/requests?limit=200\(query)"
    return try world.latchkey.expect(200, "GET", path)["data"].array ?? []
  }

  private static func line(_ row: JSON) -> String {
    func text(_ name: String) -> String { row[name].string ?? "-" }
    let status = row["status"].int.map { "\($0)" } ?? "-"
    return "\(text("way")) \(text("method")) \(text("path")) \(status) \(text("denial"))"
  }

  @Test("Each call stands there once, newest first, at once", arguments: Store.allCases)
  func once(store: Store) throws {
    let world = try World(store)
    let key = try world.issue()
    let revoked = try world.issue()
    try world.revoke(revoked)
    #expect(try world.call("/echo/1?secret=x", key: key.secret).status == 200)
    #expect(try world.call("/echo/2", key: revoked.secret, method: "DELETE").status == 401)
    _ = try world.verify(["key": key.secret, "method": "PUT", "path": "/v/1?q", "status": 418])
    _ = try world.verify(["key": key.secret, "dry_run": true])
    let authz = ["X-Forwarded-Uri: /a/1?q", "X-Forwarded-Method: POST"]
    let token = key.secret
    #expect(
      try Curl.json("GET", world.latchkey.api + "/v1/authz/demo", token: token, headers: authz)
        .status == 200)
    #expect(try world.call("/nobody", key: "nonsense").status == 401)
    let rows = try Self.rows(world)
    #expect(
      rows.map(Self.line) == [
        "authz POST /a/1 200 -", "verify PUT /v/1 418 -", "gateway DELETE /echo/2 401 revoked",
        "gateway GET /echo/1 200 -",
      ])
    let first = try #require(rows.last)
    #expect(try first["key_id"].text() == key.id && first["account_id"].text() == world.account)
    #expect(try first["environment"].text() == "production")
    #expect(first["address"].string == "127.0.0.1")
    #expect(first["user_agent"].string?.hasPrefix("curl/") == true)
    let unowned = try world.latchkey.expect(200, "GET", "/v1/projects/demo/requests")
    #expect(
      (unowned["data"].array ?? []).map(Self.line) == ["gateway GET /nobody 401 malformed"])
    #expect(try Self.rows(world, "&status=4xx&denial=revoked").count == 1)
    #expect(try Self.rows(world, "&key_id=\(key.id)&method=PUT&path_prefix=/v").count == 1)
    let command = try world.latchkey.installation.command(
      ["logs", "list", world.account, "--status", "4xx"])
    #expect(command.status == 0 && command.output.contains("Create a new key"), "\(command)")
    let export = try world.latchkey.installation.command(
      ["logs", "export", world.account, "--format", "csv"])
    #expect(export.output.split(separator: "\r\n").count == 5, "\(export)")
  }

  @Test("As many records as calls that the upstream saw, and as many as usage counts")
  func counts() throws {
    let world = try World()
    let keys = try (0..<3).map { _ in try world.issue() }
    let calls = 400
    let group = DispatchGroup()
    for (number, key) in keys.enumerated() {
      let port = world.latchkey.gatewayPort
      DispatchQueue(label: "client").async(group: group) {
        guard let wire = try? Wire(port: port) else { return }
        for call in 0..<calls {
          _ = try? wire.request("GET", "/echo/\(number)/\(call)", token: key.secret)
        }
      }
    }
    group.wait()
    var ids: Set<String> = []
    var paths: Set<String> = []
    var cursor: String?
    repeat {
      let page = try world.latchkey.expect(
        200, "GET",
        "/v1/accounts/\(world.account)/requests?limit=200&status=200"
          + (cursor.map { "&cursor=\($0)" } ?? ""))
      for row in page["data"].array ?? [] {
        #expect(ids.insert(try row["id"].text()).inserted)
        paths.insert(try row["path"].text())
      }
      #expect(page["dropped"].int == 0)
      cursor = page["next_cursor"].string
    } while cursor != nil
    #expect(ids.count == keys.count * calls && paths.count == keys.count * calls)
    let usage = try world.latchkey.expect(200, "GET", "/v1/accounts/\(world.account)/usage")
    let days = (usage["days"].array ?? []).compactMap { $0["calls"].int }
    #expect(days.reduce(0, +) == keys.count * calls)
  }

  @Test("kill -9 loses at most the last second's records, an orderly end none")
  func ends() throws {
    let world = try World()
    let key = try world.issue()
    for number in 0..<50 { _ = try world.call("/before/\(number)", key: key.secret) }
    usleep(1_100_000)
    _ = try world.call("/last", key: key.secret)
    world.latchkey.child.stop(SIGKILL)
    let second = try Latchkey(world.latchkey.installation, name: "second")
    func paths(_ latchkey: Latchkey, _ prefix: String) throws -> Int {
      let path = "/v1/accounts/\(world.account)/requests?limit=200&path_prefix=\(prefix)"
      return try latchkey.expect(200, "GET", path)["data"].array?.count ?? 0
    }
    #expect(try paths(second, "/before") == 50)
    for number in 0..<5 {
      _ = try Curl.json("GET", second.gateway + "/after/\(number)", token: key.secret)
    }
    second.child.stop(SIGTERM)
    let third = try Latchkey(world.latchkey.installation, name: "third")
    #expect(try paths(third, "/after") == 5)
    #expect(try paths(third, "/before") == 50)
  }

  /// A listener to the account's calls that were admitted; returns once it listens.
  private static func follow(
    _ world: World, after last: String? = nil, name: String
  ) throws -> Child {
    let stream = try Child(
      [
        "curl", "--silent", "--no-buffer", "--noproxy", "*", "--header",
        "Authorization: Bearer \(world.latchkey.installation.operatorKey)",
        "--header", "Last-Event-ID: \(last ?? "")",
        world.latchkey.api + "/v1/accounts/\(world.account)/requests/stream?status=2xx",
      ], folder: world.latchkey.installation.folder.path, name: name)
    #expect(poll(seconds: 20) { stream.output.contains(": new calls follow") })
    return stream
  }

  @Test("A stream has calls in the order of their ends, and who comes back misses none")
  func resumed() throws {
    let world = try World()
    let key = try world.issue()
    func events(_ stream: Child) -> [(id: String, path: String)] {
      stream.output.matches(of: /id: (req_\w+)\nevent: request\ndata: .*?"path":"([^"]+)"/)
        .map { (String($0.1), String($0.2)) }
    }
    let paths = (0..<30).map { "/ordered/\($0)" }
    let stream = try Self.follow(world, name: "whole")
    // Each on a connection of its own, and so on any worker.
    for path in paths { _ = try world.call(path, key: key.secret) }
    #expect(poll(seconds: 10) { events(stream).count == paths.count })
    let seen = events(stream)
    #expect(seen.map(\.path) == paths)
    stream.stop(SIGKILL)
    for (at, event) in seen.enumerated() where at % 6 == 2 {
      let again = try Self.follow(world, after: event.id, name: "after-\(at)")
      let rest = Array(paths[(at + 1)...])
      #expect(poll(seconds: 10) { events(again).count >= rest.count })
      #expect(events(again).map(\.path) == rest)
      again.stop(SIGKILL)
    }
  }

  @Test("A stream shows new calls, and a key that is revoked meanwhile ends nothing of the server")
  func stream() throws {
    let world = try World()
    let key = try world.issue()
    let follower = try Child(
      [
        Place.latchkey, "logs", "tail", world.account, "-f", "--data",
        world.latchkey.installation.data, "--json",
      ], folder: world.latchkey.installation.folder.path, name: "tail")
    let stream = try Self.follow(world, name: "stream")
    #expect(
      poll(seconds: 20) {
        _ = try? world.call("/seen", key: key.secret)
        _ = try? world.call("/refused", key: "nonsense")
        return stream.output.contains("\"/seen\"") && follower.output.contains("\"/seen\"")
      })
    #expect(!stream.output.contains("refused") && stream.output.contains("\nid: req_"))
    // An open stream holds no orderly end up.
    let began = Date()
    world.latchkey.child.stop(SIGTERM)
    #expect(Date().timeIntervalSince(began) < 4)
    follower.stop(SIGKILL)
    stream.stop(SIGKILL)
  }
}
