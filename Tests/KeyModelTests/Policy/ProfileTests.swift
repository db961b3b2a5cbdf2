// The profiles that ship: each is a valid policy, and each holds what its vendor's rules say.
import Foundation
import KeyModel
import TestSupport
import Testing

@Suite("Profiles")
struct ProfileTests {
  static let names = ["default", "truecontext", "truework", "trulioo", "truv", "veryfi"]

  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../Profiles").standardizedFileURL

  static func document(_ name: String) throws -> JSONValue {
    let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
    return try JSONReader.read(Array(data))
  }

  static func policy(_ name: String) throws -> Policy {
    try PolicyReader.read(document(name))
  }

  @Test("the folder holds the six profiles and no others")
  func folderContents() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(files.filter { $0.hasSuffix(".json") }.sorted() == Self.names.map { "\($0).json" })
  }

  @Test("is a valid policy", arguments: names)
  func valid(name: String) throws {
    #expect(throws: Never.self) { try Self.policy(name) }
  }

  @Test("gives tokens that are recognized as their own", arguments: names)
  func tokens(name: String) throws {
    let policy = try Self.policy(name)
    let forms = TokenForms(policy: policy)
    var random = SeededGenerator(seed: 31)
    for environment in policy.environments.indices {
      for kind in policy.kinds {
        let token = try #require(
          forms.generate(environment: environment, kind: kind) { random.bytes($0) })
        let form = token.withUnsafeBytes { forms.recognize($0) }
        #expect(form?.environment == environment)
        #expect(form?.kind == kind)
      }
    }
  }

  @Test("default: bearer keys with a checksum in production and sandbox")
  func defaultProfile() throws {
    let policy = try Self.policy("default")
    #expect(policy.credential == .bearer)
    #expect(policy.environments.map(\.name) == ["production", "sandbox"])
    #expect(policy.secret == SecretForm())
    #expect(policy.rotation.overlapMaxSeconds == 604_800)
    #expect(policy.kinds == [.secret, .publishable])
    #expect(policy.errors.isEmpty)
  }

  @Test("trulioo: one cycling key per account")
  func trulioo() throws {
    let policy = try Self.policy("trulioo")
    #expect(policy.credential == .header("x-trulioo-api-key"))
    #expect(policy.keyLimit == KeyLimit(max: 1, min: 1, per: .account))
    #expect(policy.secret.alphabet == .hex && policy.secret.bytes == 16)
    let cycling = try #require(policy.autoCycling)
    #expect(cycling.plans == ["business", "enterprise"])
    #expect(cycling.retriesWithinCycle == 0 && !cycling.manualRotationWhileOn)
    #expect(policy.notify.autoCyclingChanged)
    #expect(policy.errors["missing"]?.status == 401)
  }

  @Test("truework: two kinds in two environments, its error envelope, 10 calls a second")
  func truework() throws {
    let policy = try Self.policy("truework")
    #expect(policy.environments.map(\.secretPrefix) == ["tw_sk_", "tw_sk_test_"])
    #expect(policy.environments.map(\.publishablePrefix) == ["tw_pk_", "tw_pk_test_"])
    #expect(
      policy.environments.map(\.hosts) == [["api.truework.com"], ["api.truework-sandbox.com"]])
    #expect(policy.environments.allSatisfy { $0.reveal == .always })
    #expect(policy.rates.map(\.scope) == [.address, .account])
    #expect(policy.rates.allSatisfy { $0.calls == 10 && $0.seconds == 1 })
    #expect(policy.errors["invalid"]?.body == ["error": ["message": "Invalid token."]])
    #expect(policy.rotation == RotationRules())
    #expect(policy.keyLimit == nil)
    #expect(policy.webhooks.max == 10)
    #expect(policy.webhooks.retry.reduce(0, +) == 48 * 3600)
    #expect(
      policy.webhooks.signatures.contains(
        .header(name: "X-Truework-Token", value: "{token}", key: .token, content: .body)))
    let body = String(repeating: "A-_z", count: 11).prefix(43)
    let forms = TokenForms(policy: policy)
    for prefix in ["tw_sk_", "tw_sk_test_", "tw_pk_", "tw_pk_test_"] {
      #expect(Array((prefix + body).utf8).withUnsafeBytes { forms.recognize($0) } != nil)
    }
  }

  @Test("truecontext: three applications, a day's quota, three calls at once")
  func truecontext() throws {
    let policy = try Self.policy("truecontext")
    #expect(policy.credential == .basic)
    #expect(policy.publicID == .uuid(before: "PFK-", after: ""))
    #expect(policy.applications.max == 3 && policy.applications.keyOnCreate)
    #expect(policy.keyLimit == KeyLimit(max: 1, min: 0, per: .application))
    #expect(policy.environments[0].reveal == .once)
    #expect(policy.rotation.reset && policy.rotation.overlapMaxSeconds == nil)
    #expect(
      policy.quota
        == Quota(calls: 2500, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 1800))
    #expect(policy.concurrency == Concurrency(max: 3, scope: .application))
    let quota = try #require(policy.errors["quota_exceeded"])
    #expect(quota.status == 402 && quota.body == nil)
    #expect(quota.headers.contains { $0.value == "CallCountExpended" })
  }

  @Test("veryfi: two keys at most and one at least, kept by the keys themselves")
  func veryfi() throws {
    let policy = try Self.policy("veryfi")
    #expect(policy.credential == .authorizationPair(idHeader: "CLIENT-ID", scheme: "apikey"))
    #expect(policy.publicID == .integer(before: "", after: ""))
    #expect(policy.keyLimit == KeyLimit(max: 2, min: 1, per: .account))
    #expect(policy.rotation.resetAll && !policy.rotation.reset)
    #expect(policy.errors["missing"]?.status == 403)
    #expect(policy.errors["invalid"]?.status == 401)
    let service = try #require(policy.selfService)
    #expect(service.path == "/api/v8/partner/client-keys")
    #expect(service.create?.status == 201 && service.delete?.status == 204)
    #expect(service.errors["last_key"]?.status == 400)
    #expect(policy.rates.map(\.calls) == [500, 300, 10])
    #expect(policy.rates.map(\.identicalFailing) == [false, false, true])
    #expect(policy.members.apiKeysPermission)
  }

  @Test("truv: two keys per environment, told apart by prefix")
  func truv() throws {
    let policy = try Self.policy("truv")
    #expect(
      policy.credential == .headerPair(id: "X-Access-Client-Id", secret: "X-Access-Secret"))
    #expect(policy.environments.map(\.secretPrefix) == ["sandbox-", "dev-", "prod-"])
    #expect(policy.secret.alphabet == .hex && policy.secret.bytes == 20 && !policy.secret.checksum)
    #expect(policy.keyLimit == KeyLimit(max: 2, min: 0, per: .environment))
    #expect(policy.errors["wrong_environment"]?.status == 403)
    #expect(policy.webhooks.uniqueURL && policy.webhooks.timeoutSeconds == 10)
    #expect(
      policy.webhooks.signatures.contains(
        .header(name: "X-WEBHOOK-SIGN", value: "v1={hex}", key: .apiSecret, content: .body)))
    #expect(policy.webhooks.eventTypes.count == 17)
  }
}
