// Store, keyring, record table and use cases of one process, opened in the order in which each
// needs the one before.
internal import CSystem
internal import Crypto
internal import Delivery
internal import KeyModel
internal import Management
internal import Storage
internal import Verification

final class ControlPlane: Sendable {
  let store: Store
  let vault: Vault
  let table: RecordTable
  let feed: RecordFeed
  let management: UseCases
  let journal: RevocationJournal
  /// Shared by all workers.
  let quotaCells: QuotaCells
  let quotas: QuotaRefiller
  /// Whoever calls customers' endpoints calls them through its transport.
  let outbound: Outbound
  let storeTimes: StoreTimes
  /// Works while a `DeliveryLoop` drives it.
  let deliveries: DeliveryEngine
  let outboxes: OutboxWatch
  /// Nil where no mail server is configured.
  let mailing: Mailing?

  init(
    _ plan: ServerPlan, _ gatherer: UsageGatherer, _ requests: any RequestLog,
    _ surroundings: Surroundings, times: StoreTimes? = nil
  ) async throws {
    let log = Log(surroundings)
    let transport = try Outbound.transport(plan.outbound)
    let keys = try MasterKeySource.keys(
      plan.masterKeyPath, surroundings, isNeeded: MasterKeySource.isNeeded(plan.store))
    storeTimes = times ?? StoreTimes(plan.store, elapsed: surroundings.elapsed)
    try ServeSettings.checkIsThere(plan.store)
    store = try Store.open(plan.store, watch: storeTimes)
    do {
      vault = try await Vault.open(store, masterKeys: keys)
      let policies = try PolicyLibrary(profiles: EmbeddedProfiles.texts())
      table = RecordTable(peppers: vault.keyring.peppers)
      let journal = try await RestoreGuard.openJournal(
        plan.folder, store, entropy: surroundings.entropy)
      self.journal = journal
      feed = RecordFeed(
        store: store, vault: vault, policies: policies, table: table,
        watch: FeedWatch(elapsed: surroundings.elapsed)
      ) { try journal.note($0) }
      let clock = ServerClock(now: surroundings.now)
      quotaCells = QuotaCells(shared: store.capabilities.sharedAmongProcesses)
      management = UseCases(
        store: store, vault: vault, feed: feed, policies: policies,
        clock: clock, entropy: surroundings.entropy,
        counted: { await gatherer.collect() }, seen: { await gatherer.collectCallers() },
        requests: requests, quotaCells: quotaCells, outbound: transport,
        outgoingAddresses: plan.outbound.outgoingAddresses, publicURL: plan.publicURL,
        scannerKeys: Self.scannerKeys(plan.outbound, transport, surroundings),
        report: { log.error(Failure.line($0)) })
      let management = management
      deliveries = DeliveryEngine(
        store: store, transport: transport, desk: management, signal: management.deliverySignal,
        now: surroundings.now, entropy: surroundings.entropy
      ) { log.error("deliveries: \(Failure.line($0))") }
      outboxes = OutboxWatch(store, now: surroundings.now)
      quotas = QuotaRefiller(
        store: store, cells: quotaCells, clock: clock,
        outbox: { try management.tellOfQuotas($0, $1) },
        report: { log.error("quotas cannot be stored: \(Failure.line($0))") })
      try await quotas.begin()
      try await feed.load()
      // Reading every key leaves much of the heap free: it is the table's memory that should stay.
      latchkey_trim_heap()
      try await RestoreGuard.agree(journal, store, management, feed, log)
      outbound = Outbound(transport)
      mailing = plan.outbound.mail.map { [store] in
        Mailing($0, store, transport, now: surroundings.now, log)
      }
    } catch {
      let store = store
      await OffThread.run { store.close() }
      throw error
    }
  }

  private static func scannerKeys(
    _ settings: OutboundSettings, _ transport: any OutboundTransport, _ surroundings: Surroundings
  ) -> ScannerKeys? {
    settings.leakKeysURL.map { url in
      ScannerKeys(elapsed: surroundings.elapsed) {
        let answer = try? await transport.get(url, timeoutSeconds: 10, maximumAnswer: 1 << 20).get()
        return answer?.status == 200 ? answer?.body : nil
      }
    }
  }

  /// - Parameters:
  ///   - end: until when calls to endpoints may take.
  ///   - settle: stores what became of them.
  func close(
    by end: ContinuousClock.Instant = .now, settle: () async -> Void = {}
  ) async {
    mailing?.close()
    await outbound.stop(by: end)
    await mailing?.ended()
    await settle()
    // Where this fails, the next start compares the two in full.
    try? await RestoreGuard.remember(journal, store, feed)
    await OffThread.run { [store] in store.close() }
  }
}

struct ServerClock: WallClock {
  let read: @Sendable () -> Timestamp
  init(now: @escaping @Sendable () -> Timestamp) { read = now }
  func now() -> Timestamp { read() }
}
