// What `serve --dev` adds: a folder made on the way, loopback only, and a project with an account
// and a key in front of an upstream inside this process. It works through the folder's own socket,
// as any local command does.
internal import KeyModel

enum Demo {
  static let project = "demo"

  /// Settings nobody gave get the demo's own; what would open it to others is refused.
  static func prepare(_ config: inout Config, _ surroundings: Surroundings) async throws {
    config.settle(.data, "data")
    for setting in [Setting.listen, .gatewayListen, .metricsListen] {
      guard let place = config.address(setting), !place.isLoopback else { continue }
      throw ToolError(
        .usage, "--dev listens on loopback only, not on \(place): serve without --dev for that")
    }
    let folder = DataFolder(try config.require(.data))
    guard !Founding.isMade(folder) else { return }
    let made = try await Founding.make(config, surroundings)
    surroundings.write(made.text.split(separator: "\n").prefix(3).joined(separator: "\n") + "\n")
  }

  /// Makes what is missing, points the project at this process, and prints the line to paste.
  static func furnish(
    _ server: LatchkeyServer, _ settings: ServeSettings, _ surroundings: Surroundings
  ) async throws {
    let api = HTTPClient(place: .unix(path: settings.folder.socket))
    let target = upstream(of: server)
    let shown: Result<Shown, any Error> = await OffThread.run {
      Result { try demoKey(api, upstream: target) }
    }
    let key = try shown.get()
    let gateway = server.address("gateway").map(\.description) ?? ""
    let management = server.address("api").map(\.description) ?? ""
    let scheme = settings.tls == nil ? "http" : "https"
    surroundings.write(
      """

      A call that passes the gateway:

        curl -H 'Authorization: Bearer \(key.secret)' \(scheme)://\(gateway)/hello

      Revoke its key, then call again; it is refused at once:

        \(surroundings.program) keys revoke \(key.id) --data \(settings.folder.path)

      Management API: \(scheme)://\(management), described at /docs


      """)
  }

  private struct Shown: Sendable {
    let id: String
    let secret: String
  }

  private static func upstream(of server: LatchkeyServer) -> String {
    "http://" + (server.address(EchoHandler.listener).map(\.description) ?? "")
  }

  private static func demoKey(_ api: HTTPClient, upstream: String) throws -> Shown {
    if try get(api, "/v1/projects/\(project)") == nil {
      try ask(api, "POST", "/v1/projects", projectBody(upstream))
    } else {
      try ask(api, "PATCH", "/v1/projects/\(project)", ["upstream": .string(upstream)])
    }
    let accounts = try get(api, "/v1/projects/\(project)/accounts")?["data"]?.array ?? []
    let account =
      try accounts.first
      ?? ask(api, "POST", "/v1/projects/\(project)/accounts", ["name": "Demo customer"])
    let path = "/v1/accounts/\(text(account, "id"))/keys"
    let keys = try get(api, path + "?state=active")?["data"]?.array ?? []
    if let old = keys.first(where: { $0["name"]?.string == project }) {
      let id = text(old, "id")
      let shown = try ask(api, "POST", "/v1/keys/\(id)/reveal", [:])
      return Shown(id: id, secret: text(shown, "secret"))
    }
    let made = try ask(api, "POST", path, ["name": .string(project)])
    return Shown(id: text(made, "id"), secret: text(made, "secret"))
  }

  /// One environment whose secrets can be read again, so that each start can print the same line.
  private static func projectBody(_ upstream: String) -> JSONValue {
    [
      "slug": .string(project), "name": "Demo", "upstream": .string(upstream),
      "policy": [
        "environments": [
          [
            "name": "production", "title": "Production", "secret_prefix": "demo_",
            "reveal": "always",
          ]
        ]
      ],
    ]
  }

  private static func get(_ api: HTTPClient, _ target: String) throws -> JSONValue? {
    let answer = try api.sendBlocking("GET", target)
    return answer.status == 404 ? nil : try APIAnswer.success(answer)
  }

  @discardableResult
  private static func ask(
    _ api: HTTPClient, _ method: String, _ target: String, _ body: JSONValue
  ) throws -> JSONValue {
    let answer = try api.sendBlocking(method, target, body: JSONWriter.compact(body))
    return try APIAnswer.success(answer) ?? .null
  }

  private static func text(_ value: JSONValue, _ name: String) -> String {
    value[name]?.string ?? ""
  }
}
