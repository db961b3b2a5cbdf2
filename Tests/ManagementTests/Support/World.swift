// A control plane on a store in memory, with a clock that stands still and seeded randomness.
import Crypto
import Delivery
import KeyModel
import Management
import Storage
import Synchronization
import Verification

final class TestClock: WallClock {
  private let time = Mutex(Timestamp(seconds: 1_795_255_200))

  func now() -> Timestamp { time.withLock { $0 } }
  func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// What the data plane would have seen, until it is asked for.
final class TestSightings: Sendable {
  private let waiting = Mutex<[CallerSighting]>([])

  func add(_ one: CallerSighting) { waiting.withLock { $0.append(one) } }
  func take() -> [CallerSighting] {
    waiting.withLock { all in
      defer { all = [] }
      return all
    }
  }
}

/// What the data plane would have counted, until it is asked for.
final class TestUsage: Sendable {
  private let waiting = Mutex<[UsageDelta]>([])

  func add(_ one: UsageDelta) { waiting.withLock { $0.append(one) } }
  func take() -> [UsageDelta] {
    waiting.withLock { all in
      defer { all = [] }
      return all
    }
  }
}

struct World {
  let store: Store
  let table: RecordTable
  let feed: RecordFeed
  let management: UseCases
  let clock = TestClock()
  let sightings = TestSightings()
  let cells = QuotaCells()
  let endpoint = ScriptedEndpoint()
  let usage = TestUsage()

  init(
    _ location: StoreLocation = .sqliteMemory, entropy: any Entropy = SeededEntropy(seed: 7),
    observe: @escaping @Sendable ([RecordChange]) throws -> Void = { _ in }
  ) async throws {
    store = try Store.open(location)
    let masterKeys = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    _ = try await Vault.found(
      store, masterKeys: masterKeys, now: clock.now(), entropy: entropy)
    let vault = try await Vault.open(store, masterKeys: masterKeys)
    let policies = try PolicyLibrary(profiles: EmbeddedProfiles.texts())
    table = RecordTable(peppers: vault.keyring.peppers)
    feed = RecordFeed(
      store: store, vault: vault, policies: policies, table: table, observe: observe)
    try await feed.load()
    management = UseCases(
      store: store, vault: vault, feed: feed, policies: policies, clock: clock,
      entropy: entropy, counted: { [usage] in usage.take() },
      seen: { [sightings] in sightings.take() }, quotaCells: cells, outbound: endpoint,
      report: { _ in })
  }

  static let local = Caller(.local)

  /// A project with one account; gives the account.
  func account(
    _ slug: String = "demo", profile: String = "default", policy: JSONValue? = nil
  ) async throws -> AccountID {
    var project = NewProject(slug: slug, name: "Demo", profile: profile)
    project.policy = policy
    _ = try await management.createProject(project, by: Self.local)
    let answer = try await management.createAccount(
      in: slug, NewAccount(name: "Acme"), by: Self.local)
    guard let id = answer.body?["id"]?.string.flatMap({ AccountID($0) }) else { throw Missing() }
    return id
  }

  /// A new key of the account and its secret.
  func key(
    _ account: AccountID, _ environment: String? = "production"
  ) async throws -> (id: KeyID, secret: String) {
    let answer = try await management.createKey(
      of: account, NewKey(environment: environment), by: Self.local)
    guard let id = answer.body?["id"]?.string.flatMap({ KeyID($0) }),
      let secret = answer.body?["secret"]?.string
    else { throw Missing() }
    return (id, secret)
  }

  /// What the data plane decides about a call with this token.
  func decide(
    _ token: String, project: String = "demo", with given: Verifier? = nil
  ) -> DecisionCode? {
    let verifier = given ?? Verifier(table: table)
    return bytes(project) { slug in
      guard let view = verifier.project(slug: slug) else { return nil }
      return bytes("GET") { method in
        bytes("/") { path in
          bytes("") { host in
            let call = Call(
              method: method, path: path, query: nil, host: host, now: clock.now())
            return bytes(token) { verifier.decide(call, token: $0, project: view).code }
          }
        }
      }
    }
  }
}

struct Missing: Error {}

private func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
  var text = text
  return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
}

/// The code of the problem that `body` throws; nil where it throws none.
func code<R>(_ body: () async throws -> R) async -> ProblemCode? {
  do {
    _ = try await body()
    return nil
  } catch {
    return (error as? Problem)?.code
  }
}
