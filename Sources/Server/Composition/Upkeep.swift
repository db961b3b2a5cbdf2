// What a running server does by the clock: stores usage, hears of other processes' changes, and
// forgets what has expired. Beside that, and kept waiting by nothing, it asks whether the store is
// there. Both end with the server.
internal import CSystem
internal import Crypto
internal import KeyModel
internal import Management
internal import Storage
internal import Synchronization

final class Upkeep: Sendable {
  private let tasks: [Task<Void, Never>]

  init(
    _ control: ControlPlane, _ gatherer: UsageGatherer, _ records: RecordWriter,
    _ disk: RecordDisk, _ health: Health, _ folder: DataFolder, _ log: Log
  ) {
    let rounds = Rounds(
      control: control, gatherer: gatherer, records: records, disk: disk, health: health,
      folder: folder, log: log)
    tasks = [Task { await rounds.run() }, Task { await rounds.watch() }]
  }

  /// Turns between two times that usage is stored. The more key versions wait, the more calls each
  /// shall gather, so that storing usage takes a small part of what the calls took: a second for
  /// each thousand, at least half of one, at most a minute. Who asks for a key in between has it
  /// settled at once.
  static func turnsToGather(_ versions: Int) -> Int { min(240, max(2, versions / 250)) }

  /// Returns when what is under way has ended.
  func stop() async {
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}

private struct Rounds: Sendable {
  let control: ControlPlane
  let gatherer: UsageGatherer
  let records: RecordWriter
  let disk: RecordDisk
  let health: Health
  let folder: DataFolder
  let log: Log
  /// When a change was last stored, asked for or not.
  let lastWrite = LastWrite()

  private static let turn = Duration.milliseconds(250)
  private static let turnsPerProbe = 4
  /// After so much time without an answer the store counts as away.
  private static let patience = Duration.seconds(10)
  /// A write that nobody asked for, so that an idle server notices too.
  private static let turnsPerWrite = 20
  private static let turnsPerSweep = 240

  func run() async {
    var turn = 0
    var settled = 0
    var loads = await control.feed.loads
    var mark = control.journal.counts.lines
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.turn)
      if Task.isCancelled { return }
      turn += 1
      if turn - settled >= Upkeep.turnsToGather(await gatherer.waiting) {
        await settle()
        settled = turn
      }
      if control.vault.keyring.peppers.count > 1 { await rehash() }
      if control.store.capabilities.sharedAmongProcesses { await listen(&loads) }
      let written = control.journal.counts.lines
      if written != mark || turn.isMultiple(of: Self.turnsPerWrite) {
        if await remember() { mark = written }
      }
      if turn.isMultiple(of: Self.turnsPerProbe), health.writeFault != nil { _ = await remember() }
      if turn % Self.turnsPerWrite == 1 { await control.outboxes.look() }
      if turn.isMultiple(of: Self.turnsPerSweep) { await sweep() }
      if turn % Self.turnsPerSweep == Self.turnsPerProbe { disk.look() }
    }
  }

  private func settle() async {
    let before = await control.management.usage.totals.givenUp
    await control.management.usage.settle()
    await control.management.callers.settle()
    let givenUp = await control.management.usage.totals.givenUp
    if givenUp > before {
      log.error("the usage of \(givenUp - before) key versions was given up")
    }
  }

  /// Says so when the store goes away and when it is back, not every second in between.
  func watch() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.turn * Self.turnsPerProbe)
      if Task.isCancelled { return }
      let alarm = Task { try await raiseAlarm() }
      let fault = await probe()
      alarm.cancel()
      note(fault)
    }
  }

  /// Long reads keep a look waiting, too: a store that takes changes is there.
  private func raiseAlarm() async throws {
    let begun = ContinuousClock.now
    while ContinuousClock.now - max(begun, lastWrite.time) < Self.patience {
      try await Task.sleep(for: .seconds(1))
    }
    note("the database does not answer")
  }

  private func probe() async -> String? {
    do {
      _ = try await control.store.read { try $0.meta.find("probe") }
      return folder.fault()
    } catch {
      return Failure.line(error)
    }
  }

  private func note(_ fault: String?) {
    let before = health.complaint
    health.found(fault)
    switch (before, health.complaint) {
    case (nil, let complaint?): log.error("not ready: \(complaint)")
    case (_?, nil): log.warning("ready again")
    default: break
    }
  }

  /// Has the store know how far the journal is, which also tries whether both can be written.
  private func remember() async -> Bool {
    do {
      try control.journal.note([])
      try await RestoreGuard.remember(control.journal, control.store, control.feed)
      lastWrite.note()
      return true
    } catch {
      return false
    }
  }

  /// While two peppers are live: whoever was found under the older one gets the newer.
  private func rehash() async {
    do { try await control.management.rehash(await gatherer.collectRehashes()) } catch {
      // They are noted again when they call again.
      if health.complaint == nil {
        log.warning("keys were not hashed under the new pepper: \(Failure.line(error))")
      }
    }
  }

  private func listen(_ loads: inout Int) async {
    do {
      try await control.feed.poll()
      let now = await control.feed.loads
      if now == loads { return }
      log.warning("the store was restored by another server: everything was loaded anew")
      try await RestoreGuard.agree(
        control.journal, control.store, control.management, control.feed, log)
      loads = now
    } catch {
      if health.complaint == nil {
        log.error("changes of other servers cannot be read: \(Failure.line(error))")
      }
    }
  }

  private func sweep() async {
    do {
      try await control.management.sweep()
      try await control.feed.trim()
      if try await control.store.write({ $0.trimMemory() }) { latchkey_trim_heap() }
    } catch {
      log.warning("what has expired was not erased: \(Failure.line(error))")
    }
    do { try await control.management.tellOfExpiries() } catch {
      log.warning("keys that end soon were not told of: \(Failure.line(error))")
    }
    do {
      try await control.management.sweepEvents()
    } catch {
      log.warning("events were not looked after: \(Failure.line(error))")
    }
    do {
      let retention = try await control.management.requestRetention()
      records.keep(before: retention.before, shorter: retention.shorter)
    } catch {
      log.warning("it is not known which request records are too old: \(Failure.line(error))")
    }
  }
}

private final class LastWrite: Sendable {
  private let at = Mutex(ContinuousClock.now)
  var time: ContinuousClock.Instant { at.withLock { $0 } }
  func note() { at.withLock { $0 = .now } }
}
