// Limits of keys and applications, also when many ask at once.
import Crypto
import KeyModel
import Management
import Testing

@Suite("Limits")
struct LimitTests {
  @Test("200 concurrent creations against a maximum of 2 leave 2 keys")
  func race() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["limits": ["keys": ["max": 2, "min": 0, "per": "account"]]])
    let management = world.management
    let codes = await withTaskGroup(of: ProblemCode?.self) { group in
      for _ in 0..<200 {
        group.addTask {
          await code {
            try await management.createKey(
              of: account, NewKey(environment: "production"), by: World.local)
          }
        }
      }
      return await group.reduce(into: [ProblemCode?]()) { $0.append($1) }
    }
    #expect(codes.filter { $0 == nil }.count == 2)
    #expect(codes.filter { $0 == .keyLimitReached }.count == 198)
    let list = try await management.listKeys(of: account, KeyQuery(), PageRequest(), by: .local)
    #expect(list.body?["data"]?.array?.count == 2)
  }

  @Test("A limit per environment counts each environment on its own")
  func perEnvironment() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["limits": ["keys": ["max": 1, "min": 0, "per": "environment"]]])
    _ = try await world.key(account, "production")
    _ = try await world.key(account, "sandbox")
    #expect(await code { try await world.key(account, "sandbox") } == .keyLimitReached)
  }

  @Test("The last key stays where the policy wants one")
  func lastKey() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["limits": ["keys": ["max": 2, "min": 1, "per": "account"]]])
    let first = try await world.key(account)
    let second = try await world.key(account)
    let management = world.management
    _ = try await management.revokeKey(first.id, by: World.local)
    #expect(await code { try await management.revokeKey(second.id, by: World.local) } == .lastKey)
    #expect(world.decide(second.secret) == .valid)
  }

  @Test("Applications are capped, and each comes with its key where the policy says so")
  func applications() async throws {
    let world = try await World()
    let account = try await world.account(profile: "truecontext")
    let management = world.management
    #expect(
      await code { try await world.key(account, nil) } == .validationFailed,
      "a capped account starts without an application")
    for name in ["a", "b", "c"] {
      let answer = try await management.createApplication(
        of: account, NewApplication(name: name), by: World.local)
      let key = try #require(answer.body?["key"])
      #expect(world.decide(try #require(key["secret"]?.string)) == .valid)
      #expect(key["public_id"]?.string?.hasPrefix("PFK-") == true)
    }
    #expect(
      await code {
        try await management.createApplication(
          of: account, NewApplication(name: "d"), by: World.local)
      } == .applicationLimitReached)
  }

  @Test("Deleting an application revokes its keys")
  func deleteApplication() async throws {
    let world = try await World()
    let account = try await world.account(profile: "truecontext")
    var new = NewApplication(name: "reader")
    new.access = .readOnly
    let answer = try await world.management.createApplication(
      of: account, new, by: World.local)
    let id = try #require(answer.body?["id"]?.string.flatMap { ApplicationID($0) })
    let secret = try #require(answer.body?["key"]?["secret"]?.string)
    #expect(answer.body?["key"]?["access"]?.string == "read_only")
    _ = try await world.management.deleteApplication(id, by: World.local)
    #expect(world.decide(secret) == .revoked)
    let keys = try await world.management.listKeys(
      of: account, KeyQuery(state: .revoked), PageRequest(), by: .local)
    #expect(keys.body?["data"]?.array?.count == 1)
  }

  @Test("What a policy would orphan stops the change of policy")
  func orphans() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account, "sandbox")
    var patch = ProjectPatch()
    patch.policy = .set([
      "environments": [["name": "production", "title": "P", "secret_prefix": "sk_live_"]]
    ])
    let management = world.management
    let refused = patch
    #expect(
      await code { try await management.updateProject("demo", refused, by: World.local) }
        == .policyInUse)
    _ = try await management.revokeKey(key.id, by: World.local)
    let answer = try await management.updateProject("demo", patch, by: World.local)
    #expect(answer.body?["policy"]?["environments"]?.array?.count == 1)
  }
}
