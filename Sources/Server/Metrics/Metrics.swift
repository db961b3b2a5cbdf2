// What /metrics says. Each family is named here and nowhere else; docs/MONITORING.md explains them,
// and packaging/ has a dashboard and alarms made of them.
internal import Delivery
internal import Gateway
internal import KeyModel
internal import Management
internal import Storage
internal import Synchronization
internal import Verification

struct Metrics: Sendable {
  let health: Health
  let control: ControlPlane
  let workers: WorkerCounters
  let records: RecordWriter
  let disk: RecordDisk
  let meters: Meters
  let started: Timestamp

  func text() async -> String {
    var page = MetricPage()
    let figures = await workers.figures()
    addState(&page)
    addDecisions(&page, figures.calls)
    addGateway(&page, figures)
    addLimits(&page)
    await addUsage(&page, figures)
    addRecords(&page)
    await addOutboxes(&page)
    addStore(&page)
    addProcess(&page)
    return page.text
  }

  private func addState(_ page: inout MetricPage) {
    page.gauge(
      "latchkey_ready", "1 where this server takes traffic.", health.complaint == nil ? 1 : 0)
    page.gauge(
      "latchkey_build_info", "The version that runs.", [.init([("version", Tool.version)], 1)])
    page.gauge(
      "latchkey_key_versions", "Secrets that can be found in memory, ended ones included.",
      control.table.versionCount)
    page.gauge(
      "latchkey_record_position", "Position of the newest change that is in force here.",
      control.table.position)
    let watch = control.feed.watch
    page.gauge(
      "latchkey_revocation_age_seconds",
      "How long ago a change may have been committed that is not in force here yet.",
      Double(watch.age(shared: control.store.capabilities.sharedAmongProcesses)) / 1e9)
    page.histogram(
      "latchkey_revocation_delay_seconds",
      "From the commit of a change by this server until it was in force here.",
      [([], watch.delays)])
  }

  private func addDecisions(_ page: inout MetricPage, _ calls: CallCounts) {
    page.counter(
      "latchkey_decisions_total", "Decisions by the way they were asked for and their code.",
      Door.allCases.flatMap { door in
        DecisionCode.allCases.map { code in
          MetricPage.Sample(
            [("door", door.name), ("code", code.name)], calls.decisions[door]?[code] ?? 0)
        }
      })
    page.histogram(
      "latchkey_decision_duration_seconds",
      "From a call's being complete until it was decided, waiting for its turn included.",
      Door.allCases.map { ([("door", $0.name)], calls.deciding[$0] ?? Latencies()) })
    page.counter(
      "latchkey_problems_total", "Refusals of the data plane without a decision, by their code.",
      calls.problems.sorted { $0.key < $1.key }.map { .init([("code", $0.key)], $0.value) })
  }

  private func addGateway(_ page: inout MetricPage, _ figures: WorkerFigures) {
    let calls = figures.calls
    page.histogram(
      "latchkey_gateway_duration_seconds", "Whole calls of the gateway, answer included.",
      [([], calls.gateway)])
    page.histogram(
      "latchkey_upstream_duration_seconds",
      "From the decision to the head of the upstream's answer.", [([], calls.upstream)])
    page.counter(
      "latchkey_gateway_responses_total",
      "Calls of the gateway by their answer; 4xx holds also those whose client did not wait.",
      (1...5).map { .init([("status", "\($0)xx")], calls.answers[$0]) })
    page.gauge(
      "latchkey_gateway_calls_in_flight", "Calls at an upstream, or on their way back.",
      calls.forwarded)
    page.gauge(
      "latchkey_connections", "Open connections.",
      [
        .init([("side", "client")], figures.clients),
        .init([("side", "upstream")], figures.upstreams),
      ])
  }

  private func addLimits(_ page: inout MetricPage) {
    page.counter(
      "latchkey_rate_evictions_total",
      "Rate counters that were given up before their time, for want of room.",
      [
        .init([("table", "address")], meters.addresses.evictions),
        .init([("table", "owner")], meters.owners.evictions),
      ])
    page.gauge(
      "latchkey_slots_in_use", "Calls in flight that count against a concurrency limit.",
      meters.slots.total)
    page.gauge("latchkey_leases", "Leases in force.", meters.leases.count)
    let subjects = control.quotaCells.subjects
    page.gauge(
      "latchkey_quota_subjects", "Whose quotas this server knows.",
      subjects.known)
    page.gauge(
      "latchkey_quota_store_away", "1 while quotas cannot be reserved.",
      control.quotaCells.isAway ? 1 : 0)
  }

  /// Queues of what calls leave behind, and of calls that wait.
  private func addUsage(_ page: inout MetricPage, _ figures: WorkerFigures) async {
    let usage = await control.management.usage.totals
    page.counter(
      "latchkey_admitted_calls_total", "Admitted calls whose usage was stored.", usage.calls)
    page.counter("latchkey_usage_flushes_total", "Batches of usage stored.", usage.stored)
    page.counter(
      "latchkey_usage_failures_total", "Batches of usage that could not be stored yet.",
      usage.failed)
    page.counter(
      "latchkey_usage_lost_total", "Counts of key versions that were given up.", usage.givenUp)
    page.gauge(
      "latchkey_queue_length", "What waits, by the queue.",
      [
        .init([("queue", "usage")], figures.usage + usage.waiting),
        .init([("queue", "rehash")], figures.rehashes + control.management.rehashesWaiting),
        .init([("queue", "quota")], control.quotaCells.subjects.waiting),
        .init([("queue", "parked_calls")], figures.calls.parked),
        .init([("queue", "record_runs")], records.log.counts.waitingRuns),
      ]
        + StoreWork.allCases.map {
          .init([("queue", "store_\($0.name)")], control.store.waiting(for: $0))
        })
  }

  private func addRecords(_ page: inout MetricPage) {
    page.counter("latchkey_request_records_total", "Request records stored.", records.stored)
    page.counter(
      "latchkey_request_records_dropped_total",
      "Calls that were not put on record, because there was no room or the store was away.",
      records.dropped)
    let ring = records.fullestRing
    page.gauge(
      "latchkey_record_ring_bytes", "Bytes in the fullest ring of records.", ring.used)
    page.gauge(
      "latchkey_record_ring_capacity_bytes", "Bytes that a ring of records holds.", ring.capacity)
    page.gauge(
      "latchkey_request_log_bytes", "Disk that the request log takes, looked up once a minute.",
      disk.bytes)
  }

  /// What is brought to endpoints and people. Depths and ages are the store's, so every server on
  /// it shows the same; attempts are this server's.
  private func addOutboxes(_ page: inout MetricPage) async {
    let readings = control.outboxes.readings
    func samples(_ value: (OutboxWatch.Reading) -> Double) -> [MetricPage.Sample] {
      readings.map { .init([("outbox", $0.outbox)], value($0)) }
    }
    page.gauge(
      "latchkey_outbox_waiting",
      "Deliveries, mails and cycles that have not ended, retries included; up to 100,000 each.",
      readings.map { .init([("outbox", $0.outbox)], $0.waiting) })
    page.gauge(
      "latchkey_outbox_oldest_seconds",
      "How long the oldest waits: a delivery since it was due, mails and cycles since their start.",
      samples(\.oldestSeconds))
    page.gauge(
      "latchkey_outbox_late_seconds", "For how long something is due that no server has taken.",
      samples(\.lateSeconds))
    let totals = await control.deliveries.totals
    page.counter(
      "latchkey_delivery_attempts_total", "Calls of webhooks' endpoints by what came of them.",
      AttemptOutcome.Kind.allCases.map {
        .init([("outcome", $0.rawValue)], totals.outcomes[$0] ?? 0)
      })
    page.counter(
      "latchkey_deliveries_total", "Deliveries that ended here.",
      [
        .init([("state", "delivered")], totals.delivered),
        .init([("state", "failed")], totals.failed),
      ])
    page.gauge(
      "latchkey_deliveries_in_flight", "Calls of webhooks' endpoints under way.",
      await control.deliveries.inFlight)
    let mails = await control.mailing?.totals ?? .init()
    page.counter(
      "latchkey_mail_attempts_total", "Mails handed to the mail server by what it said.",
      [
        .init([("outcome", "accepted")], mails.accepted),
        .init([("outcome", "postponed")], mails.postponed),
        .init([("outcome", "refused")], mails.refused),
      ])
  }

  private func addStore(_ page: inout MetricPage) {
    let (engine, all) = (control.storeTimes.engine, control.storeTimes.all)
    page.histogram(
      "latchkey_store_duration_seconds",
      "From asking the store to its answer, by what was asked.",
      all.map { ([("engine", engine), ("work", $0.work)], $0.times.latencies) })
    page.counter(
      "latchkey_store_failures_total", "What the store was asked in vain, by what was asked.",
      all.map { .init([("engine", engine), ("work", $0.work)], $0.times.failures) })
    page.counter(
      "latchkey_store_probe_failures_total", "Probes of the store that failed.",
      health.storeFailures.load(ordering: .relaxed))
  }

  private func addProcess(_ page: inout MetricPage) {
    page.gauge("process_start_time_seconds", "Start of the process since 1970.", started.seconds)
    let memory = ProcessFacts.memory()
    page.gauge("process_resident_memory_bytes", "Resident memory.", memory.resident)
    page.gauge("process_virtual_memory_bytes", "Address space.", memory.virtual)
    page.gauge("process_open_fds", "Open descriptors.", ProcessFacts.descriptors())
    page.gauge(
      "process_max_fds", "Descriptors that may be open.", ProcessFacts.mostDescriptors())
    page.counter(
      "process_cpu_seconds_total", "User and system time.", ProcessFacts.processorSeconds())
  }
}
