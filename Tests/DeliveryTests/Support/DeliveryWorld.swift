// The delivery engine on a store, with a clock that stands still and endpoints that answer as a
// case says.
import Crypto
import KeyModel
import Storage
import Synchronization

@testable import Delivery

final class HandClock: Sendable {
  private let time: Mutex<Timestamp>
  init(_ start: Timestamp = Timestamp(seconds: 1_795_255_200)) { time = Mutex(start) }
  var now: Timestamp { time.withLock { $0 } }
  func move(to next: Timestamp) { time.withLock { $0 = max($0, next) } }
}

/// Endpoints by URL; every call is on record.
final class ScriptedEndpoints: OutboundTransport {
  typealias Script = @Sendable (OutboundRequest) async -> Result<OutboundAnswer, OutboundFailure>
  private struct State {
    var scripts: [String: Script] = [:]
    var calls: [OutboundRequest] = []
  }
  private let state = Mutex(State())

  func answer(_ url: String, _ script: @escaping Script) {
    state.withLock { $0.scripts[url] = script }
  }

  func answer(_ url: String, _ status: Int, _ headers: [(name: String, value: String)] = []) {
    answer(url) { _ in .success(OutboundAnswer(status: status, headers: headers)) }
  }

  var calls: [OutboundRequest] { state.withLock { $0.calls } }

  func post(_ request: OutboundRequest) async -> Result<OutboundAnswer, OutboundFailure> {
    let script = state.withLock { state in
      state.calls.append(request)
      return state.scripts[request.url]
    }
    guard let script else {
      return .failure(OutboundFailure(.notConnected, "refused", mayHaveArrived: false))
    }
    return await script(request)
  }
}

/// Hangs whoever comes until it is opened.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for one in waiting { one.resume() }
  }

  var count: Int { state.withLock { $0.waiting.count } }
}

/// Waits for what other tasks do, for ten seconds at most.
func until(_ condition: () async -> Bool) async {
  for _ in 0..<10_000 {
    if await condition() { return }
    try? await Task.sleep(for: .milliseconds(1))
  }
}

struct FixedDesk: DeliveryDesk {
  var rules: WebhookRules
  let secrets = WebhookSecrets(entropy: SeededEntropy(seed: 5))

  func assignment(of: Webhook, _ tx: Transaction, now: Timestamp) throws -> Assignment {
    Assignment(rules: rules, material: SigningMaterial(current: secrets))
  }

  func heed(
    _ notice: DeliveryNotice, of id: WebhookID, _ tx: Transaction, now: Timestamp
  ) throws -> [WebhookID] {
    guard case .endpoint(.disable(let reason)) = notice, var webhook = try tx.webhooks.find(id),
      webhook.disabledReason == nil
    else { return [] }
    webhook.disabledReason = reason
    _ = try tx.webhooks.update(webhook)
    _ = try tx.deliveries.cancelPending(of: id, limit: 500)
    return []
  }
}

struct DeliveryWorld: Sendable {
  let store: Store
  let clock = HandClock()
  let endpoints = ScriptedEndpoints()
  let signal = DeliverySignal()
  let engine: DeliveryEngine
  let rules: WebhookRules
  private let entropy = SeededEntropy(seed: 3)
  let project = ProjectID(bits: 1)
  let account = AccountID(bits: 2)
  let neighbour = AccountID(bits: 3)

  init(
    _ location: StoreLocation = .sqliteMemory, retry: [Int64] = [0, 5, 300],
    disableAfter: Int64? = nil, settings: DeliverySettings = DeliverySettings(),
    sharing other: DeliveryWorld? = nil
  ) async throws {
    var rules = WebhookRules()
    rules.retry = retry
    rules.disableAfterSeconds = disableAfter
    self.rules = rules
    store = try other?.store ?? Store.open(location)
    let clock = other?.clock ?? clock
    engine = DeliveryEngine(
      store: store, transport: other?.endpoints ?? endpoints, desk: FixedDesk(rules: rules),
      signal: signal, now: { clock.now }, entropy: entropy, settings: settings,
      report: { print("engine: \($0)") })
    guard other == nil else { return }
    let (project, accounts) = (project, [account, neighbour])
    try await store.write { tx in
      try tx.projects.insert(
        Project(
          id: project, slug: "p", name: "P", profile: "default", createdAt: Timestamp(seconds: 0)))
      for account in accounts {
        try tx.accounts.insert(
          Account(
            id: account, projectID: project, name: "A", username: "a", clientID: "\(account)",
            sealedClientSecret: [], createdAt: Timestamp(seconds: 0)))
      }
    }
  }

  func webhook(_ url: String, of account: AccountID? = nil) async throws -> WebhookID {
    let id: WebhookID = entropy.newID(clock.now)
    let webhook = Webhook(
      id: id, projectID: project, accountID: account ?? self.account, name: "", url: url,
      environment: "production", events: [url], sealedSecrets: [], createdAt: clock.now)
    try await store.write { try $0.webhooks.insert(webhook) }
    return id
  }

  /// So many events for the webhook of this URL.
  func emit(_ url: String, _ count: Int = 1, of account: AccountID? = nil) async throws {
    let account = account ?? self.account
    let woken = try await store.write { [self] tx in
      let outbox = EventOutbox(tx, now: clock.now, entropy: entropy) { _ in rules }
      return try (0..<count).flatMap { number in
        try outbox.write(
          url, project: project, account: account, environment: "production",
          ["n": .integer(Int64(number))])
      }
    }
    signal.wake(woken)
  }

  /// One round, as the loop of a server makes it.
  @discardableResult
  func turn() async -> Timestamp {
    await engine.round(signal.isRaised ? signal.wait() : [])
  }

  /// Rounds until nothing more happens at this time. Gives when something is due next.
  @discardableResult
  func settle() async throws -> Timestamp {
    var next = Timestamp.latest
    for _ in 0..<10_000 {
      next = await engine.round()
      await until { [engine] in await engine.isQuiet }
      if next > clock.now { break }
    }
    return next
  }

  /// Lets time pass, from one thing due to the next, for so many seconds.
  func live(seconds: Int64) async throws {
    let end = clock.now.adding(seconds: seconds)
    while clock.now < end {
      let next = try await settle()
      clock.move(to: min(end, max(next, clock.now)))
      if next > end { break }
    }
    clock.move(to: end)
    try await settle()
  }

  func deliveries(_ id: WebhookID) async throws -> [Delivery] {
    try await store.read { try $0.deliveries.list(of: id, limit: 200) }.map(\.0)
  }

  func states(_ id: WebhookID) async throws -> [DeliveryState: Int] {
    try await deliveries(id).reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
  }
}
