// The thread that brings request records from the workers' rings to the log. Everything about
// records that takes time happens here: no call ever waits for it.
internal import CSystem
internal import Crypto
internal import HTTPServer
internal import KeyModel
internal import Storage
internal import Synchronization
internal import Verification

final class RecordWriter: Sendable {
  let log: RecordLog
  let tail = TailHub()
  private let sources = Mutex<[Source]>([])
  private let inbox = Mutex(Inbox())
  private let bell: Bell
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (String) -> Void
  /// Of the log; kept here because asking it waits for what it is doing.
  let times: StoreTimes
  private let droppedByLog = Atomic<Int64>(0)
  private let storedByLog = Atomic<Int64>(0)
  private let ended = DoneSignal()

  private struct Source: Sendable {
    var ring: RecordRing
    var worker: Worker
  }

  private struct Inbox {
    var waiting: [CheckedContinuation<Void, Never>] = []
    var retention: (before: Int64, shorter: [ProjectID: Int64])?
    var isStopping = false
    var isOver = false
  }

  /// Longest time a record stays in a ring, in nanoseconds.
  private static let turn: Int64 = 200_000_000
  /// From the end of a call until its record is in its ring, at most, unless the worker is held up.
  private static let ringMicroseconds: Int64 = 50_000

  /// Starts the thread. Blocking. Throws where the log cannot be opened.
  init(
    _ location: RecordLocation, _ times: StoreTimes, _ surroundings: Surroundings
  ) throws {
    self.times = times
    var number: UInt64 = 0
    withUnsafeMutableBytes(of: &number) { surroundings.entropy.fill($0) }
    log = try RecordLog(location, writer: Int64(truncatingIfNeeded: number & 0x7FFF_FFFF_FFFF))
    bell = try Bell()
    now = surroundings.now
    let lines = Log(surroundings)
    report = { lines.error($0) }
    Task.detached { [self] in await OffThread.run { self.run() } }
  }

  /// A ring for the worker's records. On the starting thread, before the worker runs.
  func ring(of worker: Worker) -> RecordRing {
    let ring = RecordRing { [bell] in bell.ring() }
    sources.withLock { $0.append(Source(ring: ring, worker: worker)) }
    return ring
  }

  /// Calls that were not put on record since the start.
  var dropped: Int64 {
    let inRings = sources.withLock { $0.reduce(0) { $0 + Int64($1.ring.dropped) } }
    return inRings + droppedByLog.load(ordering: .relaxed)
  }

  /// How full the fullest ring is, in bytes.
  var fullestRing: (used: Int, capacity: Int) {
    let rings = sources.withLock { $0.map(\.ring) }
    return (rings.map(\.used).max() ?? 0, rings.first?.capacity ?? 0)
  }

  var stored: Int64 { storedByLog.load(ordering: .relaxed) }

  /// Returns once the records of all calls that ended before this are stored.
  func flush() async {
    // A worker that has begun to answer a call writes its record before it does anything else.
    for worker in sources.withLock({ $0.map(\.worker) }) {
      await withCheckedContinuation { continuation in
        if !worker.post({ continuation.resume() }) { continuation.resume() }
      }
    }
    await withCheckedContinuation { continuation in
      let isLate = inbox.withLock { inbox in
        if !inbox.isOver { inbox.waiting.append(continuation) }
        return inbox.isOver
      }
      if isLate { continuation.resume() } else { bell.ring() }
    }
  }

  /// What is older than `before` goes, and what is older than its project's day in `shorter`.
  func keep(before: Int64, shorter: [ProjectID: Int64]) {
    inbox.withLock { $0.retention = (before, shorter) }
  }

  /// Stores what is left and closes the log. Only after the workers have ended. Blocking.
  func stop() {
    inbox.withLock { $0.isStopping = true }
    bell.ring()
    ended.wait()
    tail.close()
    log.close()
  }

  // MARK: The thread

  private func run() {
    latchkey_name_thread("records")
    let batch = RecordBatch()
    var lastDurable: Int64 = 0
    var lastBeat = now().seconds
    var lastTurn = times.nanoseconds()
    var tidying = Tidying()
    while true {
      let left = max(0, Self.turn - (times.nanoseconds() - lastTurn))
      let isCalled = bell.wait(milliseconds: tidying.isBusy ? 0 : Int32(left / 1_000_000))
      // A batch after each step of tidying would be many small ones, each to be merged again.
      if tidying.isBusy, !isCalled, left > 0 {
        tidying.step(log, now: now(), retention: takeRetention, report)
        continue
      }
      lastTurn = times.nanoseconds()
      let (waiting, isStopping) = inbox.withLock { inbox in
        defer { inbox.waiting = [] }
        return (inbox.waiting, inbox.isStopping)
      }
      let rings = sources.withLock { $0.map(\.ring) }
      let begun = now()
      for ring in rings { ring.drain { batch.append($0) } }
      let time = now()
      if batch.count > 0 {
        let isDurable = time.microseconds - lastDurable >= 1_000_000 || isStopping
        if isDurable { lastDurable = time.microseconds }
        store(batch, durable: isDurable)
      }
      tail.offer(
        batch.bytes, sure: Timestamp(microseconds: begun.microseconds - Self.ringMicroseconds))
      batch.empty()
      for one in waiting { one.resume() }
      if abs(time.seconds - lastBeat) >= TailHub.quietSeconds {
        lastBeat = time.seconds
        tail.beat()
      }
      if isStopping { break }
      tidying.step(log, now: time, retention: takeRetention, report)
    }
    let late = inbox.withLock { inbox in
      inbox.isOver = true
      defer { inbox.waiting = [] }
      return inbox.waiting
    }
    for one in late { one.resume() }
    ended.signal()
  }

  private func store(_ batch: RecordBatch, durable: Bool) {
    let bytes = batch.bytes
    let start = times.nanoseconds()
    let stored = log.append(bytes, durable: durable)
    storedByLog.add(Int64(stored), ordering: .relaxed)
    let counts = log.counts
    let before = droppedByLog.exchange(counts.dropped, ordering: .relaxed)
    times.appended(since: start, failed: counts.dropped > before)
    if counts.dropped > before {
      let why = counts.failure.map { ": \(Failure.line($0))" } ?? ""
      report("\(counts.dropped - before) request records could not be stored\(why)")
    }
  }

  private func takeRetention() -> (before: Int64, shorter: [ProjectID: Int64])? {
    inbox.withLock { inbox in
      defer { inbox.retention = nil }
      return inbox.retention
    }
  }

  /// Merging and expiry, a few milliseconds at a time between two looks at the rings.
  private struct Tidying {
    private var retention: (before: Int64, shorter: [ProjectID: Int64])?
    /// There is more to do at once.
    private(set) var isBusy = false
    private var hasFailed = false

    mutating func step(
      _ log: RecordLog, now: Timestamp,
      retention take: () -> (before: Int64, shorter: [ProjectID: Int64])?,
      _ report: (String) -> Void
    ) {
      if let newer = take() { retention = newer }
      do {
        isBusy = try log.merge(now: now)
        if !isBusy, let retention {
          isBusy = try log.expire(before: retention.before, shorter: retention.shorter)
          if !isBusy { self.retention = nil }
        }
        hasFailed = false
      } catch {
        isBusy = false
        if !hasFailed { report("the request log cannot be tidied: \(Failure.line(error))") }
        hasFailed = true
      }
    }
  }
}
