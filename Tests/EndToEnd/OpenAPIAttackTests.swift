// The OpenAPI document of the built server under tools that others wrote: one says whether it is
// valid, the other tries each operation with what the document allows and with what it forbids.
import Foundation
import Testing

@Suite("The OpenAPI document under other people's tools", .serialized)
struct OpenAPIAttackTests {
  private let world: World
  private let document: String
  private let config: String

  init() throws {
    world = try World()
    config = try Self.configure(world)
    let served = try world.latchkey.call("GET", "/openapi.json")
    document = try world.latchkey.installation.folder.write("openapi.json", served.text)
  }

  /// Names things that exist, so that the tools get beyond 404; what removes them is tried with
  /// names of nothing, but for keys.
  private static func configure(_ world: World) throws -> String {
    let path = "/v1/accounts/\(world.account)"
    let applications = try world.latchkey.expect(200, "GET", path + "/applications")
    let member = try world.latchkey.expect(
      201, "POST", path + "/members", ["email": "ann@example.com", "role": "admin"])
    let values = [
      "account": world.account, "key": try world.issue().id, "slug": world.project,
      "application": try applications["data"][0]["id"].text(), "member": try member["id"].text(),
      "name": "default",
    ]
    let lines = values.sorted { $0.key < $1.key }.map { "\"path.\($0.key)\" = \"\($0.value)\"" }
    let methods = #"include-method = ["GET", "PATCH", "POST"]"#
    return try world.latchkey.installation.folder.write(
      "schemathesis.toml",
      "[[operations]]\n\(methods)\n[operations.parameters]\n"
        + lines.joined(separator: "\n") + "\n")
  }

  /// From `.venv`, where `make setup` puts them. One that is not there fails the test.
  private func tool(_ name: String, _ arguments: [String], seconds: Double) throws -> Finished {
    let path = "\(Place.repository)/.venv/bin/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure("\(path) is missing: run make setup")
    }
    // In a folder of its own: what one run leaves there would be the next one's first cases.
    return try run(
      ["env", "--chdir=\(world.latchkey.installation.folder.path)", path] + arguments,
      environment: ["HYPOTHESIS_STORAGE_DIRECTORY": world.latchkey.installation.folder.path],
      seconds: seconds)
  }

  @Test("The document is valid OpenAPI 3.1, and a damaged one is not")
  func valid() throws {
    let good = try tool("openapi-spec-validator", [document], seconds: 60)
    #expect(good.status == 0, "\(good.output) \(good.errors)")
    let text = try String(contentsOfFile: document, encoding: .utf8)
    let damaged = try world.latchkey.installation.folder.write(
      "damaged.json", text.replacing("\"responses\":", with: "\"answers\":"))
    #expect(try tool("openapi-spec-validator", [damaged], seconds: 60).status != 0)
  }

  /// What takes away the ground of the others comes last: the project, the account, the key that
  /// asks. Left out are forward-auth, which answers any method in the words of the policy, and the
  /// stream of events, which has no end.
  @Test("Nothing that is sent by the document, or against it, is answered otherwise than it says")
  func attacked() throws {
    let last = ["deleteProject", "deleteAccount", "revokeOperatorKey"]
    let first = try attack(
      ["--exclude-path-regex", "^/v1/authz/|/stream$"]
        + last.flatMap { ["--exclude-operation-id", $0] })
    #expect(!first.contains("Authentication failed"))
    try attack(last.flatMap { ["--include-operation-id", $0] })
    #expect(world.latchkey.child.status == nil)
  }

  @discardableResult
  private func attack(_ operations: [String]) throws -> String {
    let checks = [
      "not_a_server_error", "status_code_conformance", "content_type_conformance",
      "response_schema_conformance", "response_headers_conformance", "negative_data_rejection",
      "ignored_auth", "unsupported_method", "allow_header_conformance",
    ]
    let token = world.latchkey.installation.operatorKey
    let finished = try tool(
      "schemathesis",
      [
        "--config-file", config, "run", "\(world.latchkey.api)/openapi.json",
        "--header", "Authorization: Bearer \(token)", "--checks", checks.joined(separator: ","),
        "--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--seed", "20261121",
        "--workers", "1", "--no-color",
      ] + operations, seconds: 300)
    #expect(finished.status == 0, "\(finished.output.suffix(20_000)) \(finished.errors)")
    #expect(finished.output.contains("Tested:"), "\(finished.output.suffix(2000))")
    return finished.output
  }
}
