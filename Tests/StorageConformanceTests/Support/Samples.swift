// Values for the suite, all from numbers, so that a case reads as what it is about.
import KeyModel

@testable import Storage

enum Sample {
  static let now = Timestamp(seconds: 1_750_000_000)

  static func id<Tag>(_ number: Int) -> ID<Tag> {
    ID(now: now.adding(seconds: Int64(number)), random: UInt128(number))
  }

  static func lookup(_ number: Int) -> Lookup {
    Lookup(words: (UInt64(number), 0xffff_ffff_ffff_ffff, 0, UInt64(number) << 40))
  }

  static func project(_ number: Int) -> Project {
    Project(
      id: id(number), slug: "project-\(number)", name: "Project \(number) ✓", profile: "default",
      policyPatch: .object(JSONObject([("limits", ["keys", 2, nil, true])])),
      upstream: "http://127.0.0.1:9", hosts: ["a.example", "b.example"],
      upstreamTimeoutSeconds: 7, createdAt: now)
  }

  static func account(_ number: Int, project: Int = 1) -> Account {
    Account(
      id: id(number), projectID: id(project), name: "Account \(number)",
      externalID: "ext-\(number)", plan: "business", username: "user\(number)",
      clientID: "client-\(number)", sealedClientSecret: [0, 1, 255, UInt8(number & 255)],
      brands: ["x", "\"y\""], createdAt: now)
  }

  static func application(_ number: Int, account: Int = 1, project: Int = 1) -> Application {
    Application(
      id: id(number), projectID: id(project), accountID: id(account), name: "App \(number)",
      description: "", access: .readOnly, createdAt: now)
  }

  static func member(_ number: Int, account: Int = 1, project: Int = 1) -> Member {
    Member(
      id: id(number), projectID: id(project), accountID: id(account),
      email: "member\(number)@example.com", role: "admin", permissions: [.logs, .keys],
      createdAt: now)
  }

  static func leak(of version: Int, at url: String = "https://x.example/1") -> Leak {
    Leak(
      id: id(version), versionID: id(version), url: url, keyID: id(version), projectID: id(1),
      accountID: id(1),
      source: "commit", action: .notified, reportedBy: "scanner", reportedAt: now)
  }

  static func webhook(_ number: Int, account: Int = 1, project: Int = 1) -> Webhook {
    Webhook(
      id: id(number), projectID: id(project), accountID: id(account), name: "Hook \(number)",
      url: "https://hooks.example/\(number)", environment: "production", events: ["a.b"],
      sealedSecrets: [1, 0, 255], createdAt: now)
  }

  static func event(_ number: Int, account: Int = 1, project: Int = 1) -> Event {
    Event(
      id: id(number), projectID: id(project), accountID: id(account), environment: nil,
      type: "a.b", createdAt: now, data: ["n": .integer(Int64(number)), "t": "✓"])
  }

  /// Due now.
  static func delivery(_ number: Int, of event: Int, to webhook: Int) -> Delivery {
    Delivery(
      id: id(number), eventID: id(event), webhookID: id(webhook), nextAttemptAt: now,
      attempts: [
        DeliveryAttempt(
          at: now, status: 500, latencyMilliseconds: 7, error: "status 500",
          responseExcerpt: "\"no\"")
      ])
  }

  static func version(_ number: Int, key: Int, ordinal: Int64 = 1) -> KeyVersion {
    KeyVersion(
      id: id(number), keyID: id(key), number: ordinal, state: .active, lookup: lookup(number),
      pepperID: 1, hint: "abcd", sealedSecret: ordinal == 1 ? [9, 8, 7] : nil,
      acceptedFrom: now, acceptedUntil: ordinal == 1 ? nil : now.adding(seconds: 60),
      createdAt: now)
  }

  /// With one version, whose number is the key's.
  static func key(_ number: Int, account: Int = 1, application: Int = 1, project: Int = 1) -> Key {
    Key(
      id: id(number), publicID: "PFK-\(number)", projectID: id(project), accountID: id(account),
      applicationID: id(application), environment: "production", name: "Key \(number)",
      description: "", routes: [RoutePattern(method: "GET", path: "/v1/*")], createdAt: now,
      createdBy: "operator:test", versions: [version(number, key: number)])
  }
}

extension Store {
  /// Project 1 with account 1 and application 1.
  func addTenant() async throws {
    try await write { tx in
      try tx.projects.insert(Sample.project(1))
      try tx.accounts.insert(Sample.account(1))
      try tx.applications.insert(Sample.application(1))
    }
  }
}
