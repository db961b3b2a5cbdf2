// The composition root: opens the store, unlocks the keyring, fills the record table, starts the
// listeners, and takes all of it down in order. Tests start it on port 0. No rule of the product
// belongs here.
internal import CSystem
internal import Console
internal import Crypto
internal import Gateway
package import HTTPServer
internal import KeyModel
internal import Management
internal import Storage
internal import Verification

package final class LatchkeyServer: Sendable {
  /// The listeners as they were bound, in the order of the ready line.
  package let bound: [Engine.Bound]
  private let engine: Engine
  private let control: ControlPlane
  private let health: Health
  private let upkeep: Upkeep
  private let metering: Metering
  /// Nil where only a local command works on the folder.
  private let cycling: Cycling?
  /// Nil for a local command, which ends before anything arrives.
  private let deliveries: DeliveryLoop?
  private let gatherer: UsageGatherer
  private let records: RecordWriter
  private let lock: FolderLock
  /// Seconds.
  private let drain: (delay: Int, limit: Int)

  /// - Parameter serving: nil: only the folder's Unix socket, for a local command.
  init(
    plan: ServerPlan, lock: FolderLock, _ surroundings: Surroundings
  ) async throws {
    let gatherer = UsageGatherer()
    let times = StoreTimes(plan.store, elapsed: surroundings.elapsed)
    let records = try Self.records(plan, times, surroundings)
    let control: ControlPlane
    do {
      control = try await ControlPlane(
        plan, gatherer, StoredRequestLog(writer: records), surroundings, times: times)
    } catch {
      await OffThread.run { records.stop() }
      throw error
    }
    let health = Health(control)
    let api = ConsoleAPI(management: control.management) { health.complaint }
    let (counters, disk) = (WorkerCounters(), RecordDisk(records.log))
    var settings = GatewaySettings(meters: Meters(quota: control.quotaCells))
    let metrics = Metrics(
      health: health, control: control, workers: counters, records: records, disk: disk,
      meters: settings.meters, started: surroundings.now())
    settings.upstreamTimeoutSeconds = plan.upstreamTimeoutSeconds
    settings.selfService = SelfServiceBridge(management: control.management)
    let (gatewaySettings, localSettings) = (settings, settings.forLocalCalls)
    var limits = Limits()
    limits.drainSeconds = plan.drainSeconds
    let (table, management) = (control.table, control.management)
    engine = Engine(
      workers: plan.workers, listeners: plan.listeners, limits: limits,
      trustedProxies: plan.trustedProxies
    ) { worker in
      worker.post { latchkey_name_thread("worker") }
      worker.nameRequest = { management.newRequestID() }
      if let shift = surroundings.clockShift { worker.clockShift = { shift.microseconds } }
      let verifier = Verifier(table: table)
      gatherer.add(verifier, of: worker)
      let (ring, tally) = (records.ring(of: worker), CallTally())
      counters.add(worker, verifier, tally)
      let gateway = GatewayHandlers(
        worker: worker, verifier: verifier, settings: gatewaySettings, records: ring, tally: tally)
      let local = GatewayHandlers(
        worker: worker, verifier: verifier, settings: localSettings, records: ring, tally: tally)
      return [
        "api": APIHandler(gateway: gateway, console: ConsoleHandler(api: api)),
        "local": LocalHandler(
          control,
          next: APIHandler(gateway: local, console: ConsoleHandler(api: api, isLocal: true))),
        "gateway": gateway.proxy,
        "metrics": MetricsHandler(metrics),
        EchoHandler.listener: EchoHandler(),
      ]
    }
    if plan.servesCalls { await control.quotas.beginTerm() }
    metering = Metering(control.quotas)
    do { bound = try engine.start() } catch {
      await metering.stop()
      await OffThread.run { records.stop() }
      await control.close()
      throw ToolError(.config, "\(error)")
    }
    deliveries = plan.servesCalls ? DeliveryLoop(control, surroundings) : nil
    upkeep = Upkeep(control, gatherer, records, disk, health, plan.folder, Log(surroundings))
    cycling = plan.servesCalls ? Cycling(control.management, Log(surroundings)) : nil
    self.gatherer = gatherer
    self.records = records
    self.control = control
    self.health = health
    self.lock = lock
    drain = (plan.drainDelay, plan.drainSeconds)
  }

  private static func records(
    _ plan: ServerPlan, _ times: StoreTimes, _ surroundings: Surroundings
  ) throws -> RecordWriter {
    // First: records would make their tables in a database of somebody else.
    if case .postgres = plan.store { try Store.prepare(plan.store) }
    return try RecordWriter(plan.records, times, surroundings)
  }

  /// What has not ended by then is made again by the next server, with the same bytes.
  private static let outboundSeconds = 3

  /// Refuses new calls, lets those of clients finish, stores what was counted, closes the store.
  package func stop() async {
    health.beginDraining()
    // Whoever shares calls out among servers looks at /readyz from time to time.
    try? await Task.sleep(for: .seconds(drain.delay))
    let end = ContinuousClock.now.advanced(by: .seconds(min(drain.limit, Self.outboundSeconds)))
    // While the workers still answer: a round may be asking them for what they counted.
    await cycling?.halt()
    await upkeep.stop()
    async let sent: Void? = deliveries?.stop(by: end)
    // Whoever follows a log would hold the drain up.
    records.tail.close()
    await OffThread.run { [engine, records] in
      engine.drain()
      records.stop()
    }
    await sent
    let rest = gatherer.takeRest()
    await control.management.usage.store(rest.usage)
    await control.management.callers.store(rest.callers)
    await metering.stop()
    await control.close(by: end) { [cycling] in await cycling?.stop() }
  }

  /// `listening api=127.0.0.1:8080 gateway=127.0.0.1:8081`
  var readyLine: String {
    let places = bound.filter { $0.name != "local" }.map {
      "\($0.name)=\(HostPort(host: $0.host, port: $0.port))"
    }
    return (["listening"] + places).joined(separator: " ")
  }

  func address(_ listener: String) -> HostPort? {
    bound.first { $0.name == listener }.map { HostPort(host: $0.host, port: $0.port) }
  }

  /// For a local command on a folder whose server does not run.
  static func local(
    _ config: Config, folder: DataFolder, lock: FolderLock, _ surroundings: Surroundings
  ) async throws -> LatchkeyServer {
    try await LatchkeyServer(
      plan: ServerPlan(local: config, folder: folder), lock: lock, surroundings)
  }
}

extension GatewaySettings {
  fileprivate var forLocalCalls: GatewaySettings {
    var settings = self
    settings.isLocal = true
    return settings
  }
}
