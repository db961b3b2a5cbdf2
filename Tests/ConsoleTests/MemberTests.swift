// Members over the API: their life, what is refused, and that nobody gives what they do not hold.
import KeyModel
import Management
import Testing

@Suite("Members of an account")
struct MemberTests {
  private let site: Site
  private let account: String
  private var list: String { "/v1/accounts/\(account)/members" }

  /// Where keys are a permission of their own.
  init() async throws {
    site = try await Site()
    try await site.project("demo", policy: #"{"members":{"api_keys_permission":true}}"#)
    account = try await site.account("demo")
  }

  @Test("A member is invited, listed, shown, changed and removed, and all of it is audited")
  func life() async throws {
    let made = await site.ask(
      "POST", list, #"{"email":"Ann@Example.com","role":"admin","permissions":["keys"]}"#)
    #expect(made.status == 201 && made.body["email"] == "ann@example.com")
    #expect(made.body["permissions"] == ["keys"])
    #expect(made.body["effective_permissions"] == ["keys", "webhooks", "logs", "members"])
    let id = try made.text("id")
    #expect(MemberID(id) != nil)
    #expect(await site.ask("GET", list).body["data"]?.array?.map { $0["id"] } == [.string(id)])
    let changed = await site.ask(
      "PATCH", "/v1/members/\(id)", #"{"role":"viewer"}"#)
    #expect(changed.status == 200 && changed.body["effective_permissions"] == ["logs"])
    #expect(await site.ask("GET", "/v1/members/\(id)").body == changed.body)
    #expect(await site.ask("DELETE", "/v1/members/\(id)").status == 204)
    #expect(await site.ask("GET", "/v1/members/\(id)").status == 404)
    #expect(await site.ask("DELETE", "/v1/members/\(id)").status == 404)
    let audit = await site.ask("GET", "/v1/audit?account=\(account)")
    #expect(
      audit.body["data"]?.array?.prefix(3).map { $0["action"] }
        == ["member.deleted", "member.updated", "member.created"])
    #expect(!"\(audit.body)".contains("example.com"))
  }

  @Test("One address is one member of an account, in any spelling")
  func unique() async throws {
    let body = #"{"email":"a@example.com","role":"viewer"}"#
    let made = await site.ask("POST", list, body)
    #expect(made.status == 201)
    let taken = await site.ask("POST", list, #"{"email":"A@EXAMPLE.com","role":"viewer"}"#)
    #expect(taken.status == 409 && taken.code == "email_taken")
    let other = try await site.account("demo")
    #expect(await site.ask("POST", "/v1/accounts/\(other)/members", body).status == 201)
    let second = try await site.member(account, "viewer")
    let patch = await site.ask(
      "PATCH", "/v1/members/\(second)", #"{"email":"A@example.com"}"#)
    #expect(patch.status == 409 && patch.code == "email_taken")
    let same = await site.ask(
      "PATCH", "/v1/members/\(try made.text("id"))", #"{"email":"A@example.com"}"#)
    #expect(same.status == 200)
  }

  @Test("What is wrong is named with its place and with what there is")
  func invalid() async throws {
    let reply = await site.ask(
      "POST", list, #"{"email":"x","role":7,"permissions":["fly"],"more":1}"#)
    #expect(reply.status == 400)
    #expect(Set(reply.pointers) == ["/email", "/role", "/permissions/0", "/more"])
    let role = await site.ask("POST", list, #"{"email":"a@b.co","role":"king"}"#)
    #expect(role.status == 400 && role.pointers == ["/role"])
    let detail = role.body["errors"]?.array?.first?["detail"]
    #expect(detail == "must be one of: admin, developer, viewer")
    let keys = await site.ask(
      "POST", list, #"{"email":"a@b.co","role":"viewer","permissions":["keys"]}"#)
    #expect(keys.status == 400 && keys.pointers == ["/permissions"])
  }

  @Test("VF-40 A member without keys neither gives nor takes keys, nor touches who holds them")
  func keysByHolders() async throws {
    let holder = try await site.member(account, "admin", ["keys"])
    let plain = try await site.session(try await site.member(account, "admin"))
    let invite = #"{"email":"new@example.com","role":"admin","permissions":["keys"]}"#
    let refused = await site.ask("POST", list, invite, session: plain)
    #expect(refused.status == 403 && refused.code == "insufficient_permission")
    for body in [#"{"permissions":[]}"#, #"{"role":"viewer"}"#, #"{"email":"me@example.com"}"#] {
      let reply = await site.ask("PATCH", "/v1/members/\(holder)", body, session: plain)
      #expect(reply.status == 403, "\(body)")
    }
    let removal = await site.ask("DELETE", "/v1/members/\(holder)", session: plain)
    #expect(removal.status == 403)
    #expect(await site.ask("GET", "/v1/accounts/\(account)/keys", session: plain).status == 403)
    let session = try await site.session(holder)
    let made = await site.ask("POST", list, invite, session: session)
    #expect(made.status == 201)
    let removed = await site.ask(
      "DELETE", "/v1/members/\(try made.text("id"))", session: session)
    #expect(removed.status == 204)
    let audit = await site.ask("GET", "/v1/audit?account=\(account)")
    #expect(audit.body["data"]?.array?.first?["actor"] == .string("member:\(holder)"))
  }

  @Test("A member cannot raise the own permissions")
  func noPromotion() async throws {
    let id = try await site.member(account, "viewer", ["members"])
    let session = try await site.session(id)
    for body in [
      #"{"role":"admin"}"#, #"{"role":"developer","permissions":["members","keys"]}"#,
      #"{"permissions":["members","webhooks"]}"#,
    ] {
      let reply = await site.ask("PATCH", "/v1/members/\(id)", body, session: session)
      #expect(reply.status == 403, "\(body)")
    }
  }

  @Test("An operator key gives no permission that its own scopes do not cover")
  func operatorBounds() async throws {
    let token = try await site.operatorKey(["members:write", "usage:read"])
    let viewer = #"{"email":"v@example.com","role":"viewer"}"#
    #expect(await site.ask("POST", list, viewer, token: token).status == 201)
    let admin = await site.ask(
      "POST", list, #"{"email":"a@example.com","role":"admin","permissions":["keys"]}"#,
      token: token)
    #expect(admin.status == 403 && admin.code == "insufficient_scope")
    #expect(admin.headers["WWW-Authenticate"]?.contains("keys:write") == true)
  }

  @Test("The last member who may manage members stays, unless the operator says otherwise")
  func lastAdmin() async throws {
    let first = try await site.member(account, "admin")
    let session = try await site.session(first)
    let path = "/v1/members/\(first)"
    let removal = await site.ask("DELETE", path, session: session)
    #expect(removal.status == 409 && removal.code == "last_admin")
    let demotion = await site.ask("PATCH", path, #"{"role":"viewer"}"#, session: session)
    #expect(demotion.status == 409 && demotion.code == "last_admin")
    _ = try await site.member(account, "admin")
    #expect(await site.ask("PATCH", path, #"{"role":"viewer"}"#, session: session).status == 200)
    let now = try await site.session(first)
    #expect(await site.ask("GET", list, session: now).status == 403)
    for member in await site.ask("GET", list).body["data"]?.array ?? [] {
      let id = member["id"]?.string ?? ""
      #expect(await site.ask("DELETE", "/v1/members/\(id)").status == 204)
    }
    await #expect(throws: Problem.unauthorized(invalidToken: true)) {
      try await site.session(first)
    }
  }

  @Test("A repeated invitation with an Idempotency-Key is one member; a member has own markers")
  func idempotent() async throws {
    let body = #"{"email":"i@example.com","role":"viewer"}"#
    let first = await site.ask("POST", list, body, idempotency: "k")
    let second = await site.ask("POST", list, body, idempotency: "k")
    #expect(first.status == 201 && first.body == second.body)
    let session = try await site.session(try await site.member(account, "admin"))
    let other = await site.ask("POST", list, body, idempotency: "k", session: session)
    #expect(other.status == 409 && other.code == "email_taken")
  }

  @Test("A key made by a member says so")
  func createdBy() async throws {
    let id = try await site.member(account, "admin", ["keys"])
    let made = await site.ask(
      "POST", "/v1/accounts/\(account)/keys", #"{"environment":"production"}"#,
      session: try await site.session(id))
    #expect(made.status == 201 && made.body["created_by"] == .string("member:\(id)"))
  }
}
