// The OpenAPI document against the routes and against what the readers and answers really have.
import Console
import HTTPServer
import KeyModel
import Management
import Testing

@Suite("The OpenAPI document")
struct OpenAPITests {
  private let document = OpenAPIDocument.make()

  private func find(_ name: String) -> JSONValue? {
    document["components"]?["schemas"]?[name]
  }

  @Test("It is served, and has exactly the routes of the table")
  func routes() async throws {
    let site = try await Site()
    let served = await site.ask("GET", "/openapi.json", token: "")
    #expect(served.status == 200 && served.body == document)
    #expect(served.body["openapi"] == "3.1.0")
    var described: Set<String> = []
    for path in document["paths"]?.object?.members ?? [] {
      for operation in path.value.object?.members ?? [] {
        described.insert(operation.name.uppercased() + " " + path.name)
      }
    }
    #expect(described == Set(RouteTable.all.map { "\($0.method.rawValue) \($0.template)" }))
    let ids = RouteTable.all.map(\.operationID)
    #expect(Set(ids).count == ids.count)
  }

  @Test("Forward-auth says that its denials are the policy's, and what is refused before")
  func forwardAuth() throws {
    let operations = try #require(document["paths"]?["/v1/authz/{project}"]?.object?.members)
    #expect(operations.count == Method.allCases.count)
    for operation in operations {
      let names = operation.value["responses"]?.object?.members.map(\.name) ?? []
      #expect(Set(names) == ["200", "400", "404", "default"], "\(operation.name)")
    }
  }

  @Test("Every reference leads somewhere")
  func references() {
    var open = [document]
    while let value = open.popLast() {
      switch value {
      case .object(let object):
        if let target = object["$ref"]?.string {
          let found = target.split(separator: "/").dropFirst().reduce(document as JSONValue?) {
            $0?[String($1)]
          }
          #expect(found != nil, "\(target)")
        }
        open += object.members.map(\.value)
      case .array(let items): open += items
      default: break
      }
    }
  }

  @Test("Request schemas have exactly the members that the readers take")
  func inputs() throws {
    try check("NewProject") { fields throws(Problem) in _ = try NewProject(&fields) }
    try check("ProjectPatch") { fields throws(Problem) in _ = try ProjectPatch(&fields) }
    try check("NewAccount") { fields throws(Problem) in _ = try NewAccount(&fields) }
    try check("AccountPatch") { fields throws(Problem) in _ = try AccountPatch(&fields) }
    try check("NewApplication") { fields throws(Problem) in _ = try NewApplication(&fields) }
    try check("ApplicationPatch") { fields throws(Problem) in _ = try ApplicationPatch(&fields) }
    try check("NewMember") { fields throws(Problem) in _ = try NewMember(&fields) }
    try check("MemberPatch") { fields throws(Problem) in _ = try MemberPatch(&fields) }
    try check("NewKey") { fields throws(Problem) in _ = try NewKey(&fields) }
    try check("KeyPatch") { fields throws(Problem) in _ = try KeyPatch(&fields) }
    try check("KeyRotation") { fields throws(Problem) in _ = try KeyRotation(&fields) }
    try check("NewOperatorKey") { fields throws(Problem) in _ = try NewOperatorKey(&fields) }
    try check("KeyImport") { fields throws(Problem) in _ = try KeyImport(&fields) }
    try check("LeakReport") { fields throws(Problem) in
      do throws(Problem) { _ = try LeakReport(&fields) } catch {
        // One of two must be there, which a schema of members cannot say.
        #expect(error.findings.map(\.pointer) == ["/token"])
      }
    }
    try check("Empty") { fields throws(Problem) in _ = try NoFields(&fields) }
  }

  @Test("Every request body with members has an example, and its reader takes it")
  func examples() throws {
    for route in RouteTable.all {
      guard let input = route.input, input != "Empty" else { continue }
      #expect(RequestExamples.all[input] != nil, "\(input)")
      let path = document["paths"]?[route.template]?[route.method.rawValue.lowercased()]
      let media = path?["requestBody"]?["content"]?["application/json"]
      #expect(media?["example"] == RequestExamples.all[input], "\(input)")
    }
    func fields(_ name: String) -> Fields { Fields(RequestExamples.all[name]?.object ?? [:]) }
    var (project, projectPatch) = (fields("NewProject"), fields("ProjectPatch"))
    _ = (try NewProject(&project), try ProjectPatch(&projectPatch))
    var (account, accountPatch) = (fields("NewAccount"), fields("AccountPatch"))
    _ = (try NewAccount(&account), try AccountPatch(&accountPatch))
    var (application, applicationPatch) = (fields("NewApplication"), fields("ApplicationPatch"))
    _ = (try NewApplication(&application), try ApplicationPatch(&applicationPatch))
    var (member, memberPatch) = (fields("NewMember"), fields("MemberPatch"))
    _ = (try NewMember(&member), try MemberPatch(&memberPatch))
    var (key, keyPatch) = (fields("NewKey"), fields("KeyPatch"))
    _ = (try NewKey(&key), try KeyPatch(&keyPatch))
    var (rotation, operatorKey) = (fields("KeyRotation"), fields("NewOperatorKey"))
    var keyImport = fields("KeyImport")
    #expect(try KeyImport(&keyImport).rows.allSatisfy { (try? $0.get()) != nil })
    _ = (try KeyRotation(&rotation), try NewOperatorKey(&operatorKey))
  }

  private func check(
    _ name: String, _ read: (inout Fields) throws(Problem) -> Void
  ) throws {
    var fields = Fields(JSONObject())
    var missing: [String] = []
    do throws(Problem) {
      try read(&fields)
    } catch {
      missing = error.findings.compactMap { $0.pointer.map { String($0.dropFirst()) } }
    }
    let schema = try #require(find(name))
    let members = schema["properties"]?.object?.members.map(\.name) ?? []
    #expect(members == fields.names, "\(name)")
    #expect(schema["required"]?.array?.compactMap(\.string) ?? [] == missing, "\(name)")
  }

  @Test("Answers have exactly the members of their schemas")
  func outputs() async throws {
    let site = try await Site()
    try await site.project("demo")
    let account = try await site.account("demo")
    let key = try await site.key(account)
    try match(await site.ask("GET", "/v1/projects/demo").body, "Project")
    try match(await site.ask("GET", "/v1/accounts/\(account)").body, "Account")
    let shown = await site.ask("GET", "/v1/keys/\(key)").body
    try match(shown, "Key")
    try match(try #require(shown["versions"]?.array?.first), "KeyVersion")
    let applications = await site.ask("GET", "/v1/accounts/\(account)/applications").body
    try match(applications, "ApplicationList")
    try match(try #require(applications["data"]?.array?.first), "Application")
    try match(await site.ask("GET", "/v1/accounts/\(account)/usage").body, "Usage")
    let member = try await site.member(account, "admin")
    try match(await site.ask("GET", "/v1/members/\(member)").body, "Member")
    let audit = await site.ask("GET", "/v1/audit").body
    try match(try #require(audit["data"]?.array?.first), "AuditEntry")
    let operators = await site.ask("GET", "/v1/operator-keys").body
    try match(try #require(operators["data"]?.array?.first), "OperatorKey")
    try match(await site.ask("GET", "/livez").body, "Liveness")
    try match(await site.ask("GET", "/v1/profiles/default").body, "Profile")
    try match(await site.ask("GET", "/v1/projects?limit=0").body, "Problem")
  }

  private func match(_ value: JSONValue, _ name: String) throws {
    let schema = try #require(find(name))
    let members = value.object?.members.map(\.name) ?? []
    let known = schema["properties"]?.object?.members.map(\.name) ?? []
    let required = schema["required"]?.array?.compactMap(\.string) ?? []
    #expect(Set(members).isSubset(of: known), "\(name)")
    #expect(Set(required).isSubset(of: members), "\(name)")
  }

  @Test("The reference page names every route and every code")
  func page() async throws {
    let site = try await Site()
    let page = await site.api.respond(to: ConsoleRequest(method: "GET", path: "/docs"))
    let text = String(decoding: page.body, as: UTF8.self)
    for route in RouteTable.all { #expect(text.contains("id=\"\(route.operationID)\"")) }
    for code in ProblemCode.allCases { #expect(text.contains(code.rawValue)) }
  }
}
