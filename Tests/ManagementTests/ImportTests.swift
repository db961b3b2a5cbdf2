// Importing keys: what is taken, what is refused and why, and what is there afterwards.
import Crypto
import KeyModel
import Management
import Storage
import Testing
import Verification

@Suite("Importing keys")
struct ImportTests {
  private static let oneEnvironment: JSONValue = [
    "kinds": ["secret"], "publishable": nil,
    "environments": [["name": "production", "title": "Production"]],
  ]

  private func world(
    profile: String = "default", _ policy: JSONValue? = oneEnvironment
  ) async throws -> (World, AccountID) {
    let world = try await World()
    return (world, try await world.account(profile: profile, policy: policy))
  }

  private func hash(_ secret: String) -> JSONValue {
    .string(Hex.encode(SHA256.digest(of: Array(secret.utf8))))
  }

  private func send(
    _ world: World, _ rows: [JSONValue], _ more: JSONObject = [:], idempotency: String? = nil
  ) async throws -> JSONValue {
    var body: JSONObject = ["keys": .array(rows)]
    for member in more.members { body[member.name] = member.value }
    var fields = Fields(body)
    let key = idempotency.map {
      IdempotencyKey(key: $0, route: "POST import", body: JSONWriter.compact(.object(body)))
    }
    return try await world.management.importKeys(
      into: "demo", try KeyImport(&fields), by: Caller(.local, idempotency: key)
    ).body ?? .null
  }

  private func counts(_ answer: JSONValue) -> [Int64?] {
    ["imported", "already_imported", "refused"].map { answer[$0]?.integer }
  }

  private func codes(_ answer: JSONValue) -> [String] {
    answer["refusals"]?.array?.compactMap { $0["code"]?.string } ?? []
  }

  @Test("A hash and a secret come in and verify at once; the same again is there already")
  func both() async throws {
    let (world, account) = try await world()
    let rows: [JSONValue] = [
      ["hash": hash("legacy-0123456789abcdef"), "hint": "cdef", "name": "old"],
      ["secret": "legacy-fedcba9876543210"],
    ]
    let more: JSONObject = ["account_id": .string(account.description)]
    #expect(world.decide("legacy-0123456789abcdef") == .malformed)
    #expect(counts(try await send(world, rows, more)) == [2, 0, 0])
    #expect(world.decide("legacy-0123456789abcdef") == .valid)
    #expect(world.decide("legacy-fedcba9876543210") == .valid)
    let again = try await send(world, rows, more)
    #expect(
      counts(again) == [0, 2, 0] && codes(again) == ["already_imported", "already_imported"])
    let keys = try await world.management.listKeys(
      of: account, KeyQuery(), PageRequest(), by: .local
    ).body?["data"]?.array
    #expect(Set(keys?.compactMap { $0["hint"]?.string } ?? []) == ["cdef", "3210"])
    guard case .intact = try await world.management.verifyAudit() else {
      Issue.record("the audit chain is broken")
      return
    }
  }

  @Test("A dry run answers the same and leaves nothing behind")
  func dryRun() async throws {
    let (world, _) = try await world()
    let rows: [JSONValue] = [
      ["hash": hash("legacy-0123456789abcdef"), "external_id": "c-1"],
      ["hash": hash("legacy-1123456789abcdef"), "external_id": "c-1", "environment": "moon"],
      ["hash": hash("legacy-0123456789abcdef"), "external_id": "c-1"],
    ]
    let before = try await world.store.read { try $0.changes.latest() }
    let more: JSONObject = ["create_missing": true]
    let dry = try await send(world, rows, more.with("dry_run", true))
    #expect(counts(dry) == [1, 0, 2] && dry["accounts_created"] == 1)
    #expect(codes(dry) == ["validation_failed", "duplicate_in_request"])
    #expect(try await world.store.read { try $0.changes.latest() } == before)
    #expect(world.decide("legacy-0123456789abcdef") == .malformed)
    let real = try await send(world, rows, more)
    #expect(real.object?.members.dropFirst() == dry.object?.members.dropFirst())
    #expect(world.decide("legacy-0123456789abcdef") == .valid)
  }

  @Test("Every row is refused for its own reason, and the others come in")
  func refusals() async throws {
    let (world, account) = try await world(
      .object([
        "kinds": ["secret"], "publishable": nil,
        "environments": [["name": "production", "title": "Production"]],
        "limits": ["keys": ["max": 2, "min": 0, "per": "account"]],
      ]))
    let good = hash("legacy-0123456789abcdef")
    let rows: [(JSONValue, String?)] = [
      (["hash": good], nil), (["hash": good], "duplicate_in_request"),
      ([:], "validation_failed"), ("x", "validation_failed"),
      (["hash": "xyz"], "malformed_hash"),
      (["hash": good, "algorithm": "bcrypt"], "unsupported_algorithm"),
      (["hash": hash("")], "weak_secret"), (["secret": "short"], "weak_secret"),
      (["hash": good, "secret": "legacy-0123456789abcdef"], "validation_failed"),
      (["secret": "legacy-0123456789abcdef"], "duplicate_in_request"),
      (["hash": good, "colour": "red"], "validation_failed"),
      (["hash": hash("a1"), "external_id": "nobody"], "account_not_found"),
      (["hash": hash("a2"), "application": "nothing"], "application_not_found"),
      (["hash": hash("a3"), "expires_at": "2001-01-01T00:00:00Z"], "validation_failed"),
      (["hash": hash("a4"), "public_id": "old-1"], nil),
      (["hash": hash("a5"), "public_id": "old-1"], "public_id_taken"),
      (["hash": hash("a6")], "key_limit_reached"),
    ]
    let answer = try await send(
      world, rows.map(\.0), ["account_id": .string(account.description)])
    #expect(codes(answer) == rows.compactMap(\.1))
    let indexes = answer["refusals"]?.array?.compactMap { $0["index"]?.integer } ?? []
    #expect(indexes == rows.indices.filter { rows[$0].1 != nil }.map { Int64($0) })
    #expect(counts(answer) == [2, 0, Int64(rows.count - 2)])
    let more: JSONObject = ["account_id": .string(account.description), "ignore_limits": true]
    #expect(counts(try await send(world, [["hash": hash("a6")]], more)) == [1, 0, 0])
  }

  @Test("A key of another account or project is a duplicate, and only the own project's is named")
  func foreign() async throws {
    let (world, account) = try await world()
    let native = try await world.key(account)
    let first: [JSONValue] = [["hash": hash("legacy-0123456789abcdef"), "external_id": "c-1"]]
    _ = try await send(world, first, ["create_missing": true])
    let rows: [JSONValue] = [
      ["hash": hash("legacy-0123456789abcdef"), "external_id": "c-2"],
      ["secret": .string(native.secret), "external_id": "c-2"],
    ]
    let answer = try await send(world, rows, ["create_missing": true])
    #expect(codes(answer) == ["duplicate_key", "duplicate_key"])
    #expect(answer["accounts_created"] == 0, "no account is made for a row that is refused")
    #expect(answer["refusals"]?.array?.allSatisfy { $0["key_id"]?.string != nil } == true)
    let other = try await world.account("second", policy: Self.oneEnvironment)
    var fields = Fields(["keys": [["hash": hash("legacy-0123456789abcdef")]]])
    var request = try KeyImport(&fields)
    request.account = other
    let far = try await world.management.importKeys(into: "second", request, by: World.local)
    #expect(codes(far.body ?? .null) == ["duplicate_key"])
    #expect(far.body?["refusals"]?.array?.first?["key_id"] == .null)
  }

  @Test("A secret of the policy's own form says its environment; a wrong one is refused")
  func ownForm() async throws {
    let (world, account) = try await world(nil)
    let key = try await world.key(account, "sandbox")
    _ = try await world.management.revokeKey(key.id, by: World.local)
    let policy = try await world.management.project("demo", by: .local).body?["policy"] ?? .null
    let forms = TokenForms(policy: try PolicyReader.read(policy))
    let random = SeededEntropy(seed: 3)
    let secret = try #require(forms.generate(environment: 1, kind: .secret, random: random.bytes))
    let text = String(decoding: secret, as: UTF8.self)
    let more: JSONObject = ["account_id": .string(account.description)]
    let wrong = try await send(
      world, [["secret": .string(text), "environment": "production"]], more)
    #expect(codes(wrong) == ["validation_failed"])
    #expect(counts(try await send(world, [["secret": .string(text)]], more)) == [1, 0, 0])
    #expect(world.decide(text) == .valid)
  }

  @Test("An imported hash cannot be revealed; an imported secret can where the policy says so")
  func reveal() async throws {
    let (world, account) = try await world(
      .object([
        "kinds": ["secret"], "publishable": nil,
        "environments": [["name": "production", "title": "P", "reveal": "always"]],
      ]))
    let more: JSONObject = ["account_id": .string(account.description)]
    _ = try await send(
      world,
      [
        ["hash": hash("legacy-0123456789abcdef"), "name": "hash"],
        ["secret": "legacy-fedcba9876543210", "name": "secret"],
      ], more)
    let keys = try await world.management.listKeys(
      of: account, KeyQuery(), PageRequest(), by: .local
    ).body?["data"]?.array
    for key in keys ?? [] {
      let id = try #require(key["id"]?.string.flatMap { KeyID($0) })
      if key["name"] == "hash" {
        let refused = await code { try await world.management.revealKey(id, by: World.local) }
        #expect(refused == .secretNotRecoverable)
      } else {
        let shown = try await world.management.revealKey(id, by: World.local)
        #expect(shown.body?["secret"] == "legacy-fedcba9876543210")
      }
    }
    #expect(keys?.count == 2)
  }

  @Test("A change of pepper leaves imported hashes alone and does not wait for them")
  func pepper() async throws {
    let (world, account) = try await world()
    let more: JSONObject = ["account_id": .string(account.description)]
    let rows: [JSONValue] = [
      ["hash": hash("legacy-0123456789abcdef")], ["secret": "legacy-fedcba9876543210"],
    ]
    _ = try await send(world, rows, more)
    _ = try await world.management.rotatePepper()
    let verifier = Verifier(table: world.table)
    #expect(world.decide("legacy-0123456789abcdef", with: verifier) == .valid)
    #expect(verifier.takeRehashes().isEmpty, "nothing is left to hash anew")
    #expect(counts(try await send(world, rows, more)) == [0, 2, 0], "also under the older pepper")
    #expect(world.decide("legacy-fedcba9876543210", with: verifier) == .valid)
    #expect(try await world.management.rehash(verifier.takeRehashes()) == 1)
    #expect(try await world.management.retirePepper(force: false)["retired"]?.integer != nil)
    #expect(world.decide("legacy-0123456789abcdef") == .valid)
    #expect(world.decide("legacy-fedcba9876543210") == .valid)
  }

  @Test("Public ids that count go on after the greatest that was imported")
  func counting() async throws {
    let (world, account) = try await world(
      .object([
        "kinds": ["secret"], "publishable": nil, "public_id": "{integer}",
        "environments": [["name": "production", "title": "Production"]],
      ]))
    let more: JSONObject = ["account_id": .string(account.description)]
    let rows: [JSONValue] = [
      ["hash": hash("a")], ["hash": hash("b"), "public_id": "41"], ["hash": hash("c")],
    ]
    #expect(counts(try await send(world, rows, more)) == [3, 0, 0])
    let made = try await world.management.createKey(
      of: account, NewKey(environment: "production"), by: World.local)
    #expect(made.body?["public_id"] == "44")
    let huge: [JSONValue] = [["hash": hash("d"), "public_id": "9223372036854775807"]]
    #expect(codes(try await send(world, huge, more)) == ["validation_failed"])
  }

  @Test("Each profile takes keys from elsewhere with what its scheme needs beside the secret")
  func profiles() async throws {
    for name in EmbeddedProfiles.texts().keys.sorted() {
      let (world, _) = try await world(profile: name, nil)
      let policy = try PolicyReader.read(
        try await world.management.project("demo", by: .local).body?["policy"] ?? .null)
      var row: JSONObject = [
        "hash": hash("legacy-0123456789abcdef"), "external_id": "c-1",
        "environment": .string(policy.environments[0].name), "client_id": "old-client",
        "username": "old.user",
      ]
      let bare = try await send(world, [.object(row)], ["create_missing": true, "dry_run": true])
      let needsID = policy.credential == .basic
      #expect(codes(bare) == (needsID ? ["public_id_required"] : []), "\(name)")
      row["public_id"] = "old-17"
      let answer = try await send(world, [.object(row)], ["create_missing": true])
      #expect(counts(answer) == [1, 0, 0], "\(name) \(answer)")
      #expect(world.decide("legacy-0123456789abcdef") == .valid, "\(name)")
      row["client_id"] = "another"
      row["hash"] = hash("legacy-1123456789abcdef")
      row["public_id"] = "old-18"
      let mismatch = try await send(world, [.object(row)], ["create_missing": true])
      #expect(codes(mismatch) == ["account_mismatch"], "\(name)")
    }
  }

  @Test("The same Idempotency-Key gives the same answer and imports once")
  func idempotent() async throws {
    let (world, account) = try await world()
    let more: JSONObject = ["account_id": .string(account.description)]
    let rows: [JSONValue] = [["secret": "legacy-fedcba9876543210"]]
    let first = try await send(world, rows, more, idempotency: "one")
    #expect(try await send(world, rows, more, idempotency: "one") == first)
    #expect(counts(first) == [1, 0, 0])
    await #expect(throws: Problem.self) {
      try await send(world, rows + rows, more, idempotency: "one")
    }
  }

  @Test("Making accounts needs the scope for it, and 1001 rows are refused as a whole")
  func bounds() async throws {
    let (world, account) = try await world()
    let project = try await world.store.read { try $0.accounts.find(account)?.projectID }
    let keysOnly = Principal.operatorKey(
      id: OperatorKeyID(bits: 1), scopes: [.keysWrite], projectID: project)
    var fields = Fields([
      "keys": [["hash": hash("a"), "external_id": "c"]], "create_missing": true,
    ])
    let request = try KeyImport(&fields)
    let refused = await code {
      try await world.management.importKeys(into: "demo", request, by: Caller(keysOnly))
    }
    #expect(refused == .insufficientScope)
    var many = Fields(["keys": .array((0...1000).map { ["hash": hash("\($0)")] })])
    #expect(throws: Problem.self) { try KeyImport(&many) }
  }

  @Test("A batch in pieces of every size comes in whole, and is there after loading anew")
  func sizes() async throws {
    let (world, account) = try await world()
    let more: JSONObject = ["account_id": .string(account.description)]
    var total = 0
    for count in [1, 7, 8, 9, 63, 64, 65, 200, 201, 1000] {
      let rows = (0..<count).map { at -> JSONValue in ["hash": hash("legacy-\(count)-\(at)")] }
      #expect(counts(try await send(world, rows, more)) == [Int64(count), 0, 0])
      total += count
    }
    #expect(world.table.versionCount == total)
    let (latest, position) = (
      try await world.store.read { try $0.changes.latest() }, world.table.position
    )
    #expect(latest == position, "every change was applied")
    #expect(world.decide("legacy-1000-999") == .valid)
  }
}

extension JSONObject {
  fileprivate func with(_ name: String, _ value: JSONValue) -> JSONObject {
    var copy = self
    copy[name] = value
    return copy
  }
}
