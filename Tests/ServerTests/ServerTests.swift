// The composition root on free ports: listeners, readiness, remote commands, an orderly end.
import Crypto
import HTTPServer
import KeyModel
import Testing

@testable import Server

@Suite("A running server", .serialized)
struct RunningServerTests {
  let folder: TemporaryFolder
  let server: LatchkeyServer
  let operatorKey: String
  var data: String { folder.file("data") }

  init() async throws {
    folder = try TemporaryFolder()
    let data = folder.file("data")
    let made = await latchkey("init", "--data", data, "--json")
    operatorKey = try #require(try JSONReader.read(made.output)["operator_key"]?.string)
    let flags = [
      "data": [data], "listen": ["127.0.0.1:0"], "gateway-listen": ["127.0.0.1:0"],
      "metrics-listen": ["127.0.0.1:0"], "workers": ["2"],
    ]
    let settings = try ServeSettings(
      Config(settings: Setting.serving, flags: flags, variables: [:]))
    server = try await LatchkeyServer(
      plan: ServerPlan(settings, demo: false),
      lock: try FolderLock.take(data, purpose: "serve"), surroundings(Caught()))
  }

  private func client(_ listener: String) throws -> HTTPClient {
    HTTPClient(place: .tcp(try #require(server.address(listener)), prefix: ""))
  }

  private func get(_ listener: String, _ path: String) async throws -> HTTPAnswer {
    try await client(listener).send("GET", path)
  }

  @Test("The ready line names every listener with the port it got, and each answers")
  func listeners() async throws {
    let words = server.readyLine.split(separator: " ")
    #expect(words.first == "listening")
    #expect(words.dropFirst().map { $0.prefix { $0 != "=" } } == ["api", "gateway", "metrics"])
    #expect(!server.readyLine.contains(":0 ") && !server.readyLine.hasSuffix(":0"))
    for path in ["/livez", "/readyz", "/openapi.json"] {
      #expect(try await get("api", path).status == 200, "\(path)")
    }
    let metrics = try await get("metrics", "/metrics")
    let text = String(decoding: metrics.body, as: UTF8.self)
    #expect(metrics.status == 200 && text.contains("latchkey_ready 1\n"))
    let nothing = try await get("metrics", "/livez")
    #expect(nothing.status == 404)
    #expect(String(decoding: nothing.body, as: UTF8.self).contains("\"request_id\":\"req_"))
    #expect(try await client("metrics").send("POST", "/metrics").status == 405)
    await server.stop()
  }

  @Test("Remote commands need the operator key, local ones the folder; both see the same")
  func commands() async throws {
    let url = "http://\(try #require(server.address("api")))"
    let variables = ["LATCHKEY_SERVER": url, "LATCHKEY_TOKEN": operatorKey]
    let made = await latchkey(
      "projects", "create", "orders", "--name", "Orders", variables: variables)
    #expect(made.exit == .ok, "\(made)")
    #expect(await latchkey("projects", "list", "--data", data).output.contains("orders"))
    let without = await latchkey("projects", "list", variables: ["LATCHKEY_SERVER": url])
    #expect(without.exit == .config && without.errors.contains("LATCHKEY_TOKEN"))
    let wrong = await latchkey(
      "projects", "list", variables: ["LATCHKEY_SERVER": url, "LATCHKEY_TOKEN": "lk_op_x"])
    #expect(wrong.exit == .config)
    let twice = await latchkey(
      "projects", "create", "orders", "--name", "Orders", variables: variables)
    #expect(twice.exit == .refused && twice.errors.contains("slug_taken"))
    #expect(await latchkey("projects", "get", "none", variables: variables).exit == .notFound)
    let invalid = await latchkey(
      "projects", "create", "Not A Slug", "--name", "x", variables: variables)
    #expect(invalid.exit == .usage && invalid.errors.contains("/slug"))
    await server.stop()
    let gone = await latchkey("projects", "list", variables: variables)
    #expect(gone.exit == .unreachable, "\(gone)")
    let nowhere = await latchkey(
      "projects", "list", "--server", "https://nowhere.invalid",
      variables: ["LATCHKEY_TOKEN": operatorKey])
    #expect(nowhere.exit == .unreachable, "\(nowhere)")
    #expect(nowhere.errors.contains("nowhere.invalid has no address"), "\(nowhere)")
  }

  @Test("A second server on the folder is refused while the first runs, and served afterwards")
  func second() async throws {
    let second = await latchkey("serve", "--data", data)
    #expect(second.exit == .refused && second.errors.contains("latchkey serve"), "\(second)")
    await server.stop()
    #expect(!Files.exists(data + "/latchkey.sock"))
  }

  @Test("After its stop nothing is left open and what was counted is stored")
  func stop() async throws {
    await server.stop()
    #expect(!Files.exists(data + "/latchkey.db-wal"))
    await #expect(throws: (any Error).self) { try await get("api", "/livez") }
  }
}
