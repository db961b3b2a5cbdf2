// Gives new records to those who follow a log. Runs on the writer's thread, never on a worker's: a
// listener that is too slow loses records and is told so.
internal import KeyModel
internal import Management
internal import Synchronization

final class TailHub: Sendable {
  /// Listeners of a server, and of one account or project.
  static let limit = 256
  static let limitPerOwner = 16
  /// Events that wait for one listener.
  private static let bound = 1_000
  static let quietSeconds: Int64 = 15

  private struct State {
    var listeners: [UInt128: [Listener]] = [:]
    var count = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  /// Asked for every batch without a lock.
  private let isIdle = Atomic(true)

  /// Nil where too many listen already, or the server is stopping.
  func listen(_ owner: RecordOwner, _ filter: RecordFilter) -> RequestTail? {
    let (events, continuation) = AsyncStream.makeStream(
      of: RequestTail.Event.self, bufferingPolicy: .bufferingOldest(Self.bound))
    let listener = Listener(owner.bits, RecordMatcher(filter), continuation)
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.count < Self.limit,
        state.listeners[owner.bits, default: []].count < Self.limitPerOwner
      else { return false }
      state.listeners[owner.bits, default: []].append(listener)
      state.count += 1
      return true
    }
    guard isTaken else { return nil }
    isIdle.store(false, ordering: .relaxed)
    return RequestTail(events: events) { [weak self] in self?.remove(listener) }
  }

  private func remove(_ listener: Listener) {
    listener.continuation.finish()
    state.withLock { state in
      guard var others = state.listeners[listener.owner],
        let place = others.firstIndex(where: { $0 === listener })
      else { return }
      others.remove(at: place)
      state.listeners[listener.owner] = others.isEmpty ? nil : others
      state.count -= 1
      if state.count == 0 { isIdle.store(true, ordering: .relaxed) }
    }
  }

  /// Packed records, one after the other, also where there are none. They are given in the order in
  /// which their calls ended, whichever worker they were of: whoever comes back names the last one
  /// he had.
  /// - Parameter sure: no record of a call that ended by then comes later; others wait for the next
  ///   batch.
  func offer(_ batch: UnsafeRawBufferPointer, sure: Timestamp) {
    if isIdle.load(ordering: .relaxed) { return }
    let listeners = state.withLock { $0.listeners }
    for record in PackedRecords(batch) {
      for listener in listeners[record.owner] ?? [] { listener.note(record) }
    }
    for listener in listeners.values.joined() { listener.offerNoted(sure: sure) }
  }

  /// To be called every `quietSeconds`: tells listeners that the stream lives.
  func beat() {
    for listener in state.withLock({ $0.listeners.values.flatMap { $0 } }) { listener.beat() }
  }

  /// Ends all streams; nobody can listen any more.
  func close() {
    let listeners = state.withLock { state in
      state.isClosed = true
      return state.listeners.values.flatMap { $0 }
    }
    for listener in listeners { listener.continuation.finish() }
  }

  // Unchecked: what changes belongs to the writer's thread.
  private final class Listener: @unchecked Sendable {
    let owner: UInt128
    let continuation: AsyncStream<RequestTail.Event>.Continuation
    private let matcher: RecordMatcher
    /// Of the batch at hand.
    private var noted: [RequestRecord] = []
    /// Of batches before: others may have ended before them.
    private var waiting: [RequestRecord] = []
    /// Whoever ended so much later than all that is sure had a clock that was set back since.
    private static let aheadMicroseconds: Int64 = 1_000_000
    private var lost = 0

    init(
      _ owner: UInt128, _ matcher: RecordMatcher,
      _ continuation: AsyncStream<RequestTail.Event>.Continuation
    ) {
      self.owner = owner
      self.matcher = matcher
      self.continuation = continuation
    }

    func note(_ record: PackedRecord) {
      guard matcher.fits(record) else { return }
      guard noted.count + waiting.count < TailHub.bound else {
        lost += 1
        return
      }
      noted.append(RequestRecord(record))
    }

    func offerNoted(sure: Timestamp) {
      if noted.isEmpty, waiting.isEmpty { return }
      var ready = waiting + noted
      let ahead = Timestamp(microseconds: sure.microseconds + Self.aheadMicroseconds)
      waiting = ready.filter { $0.ended > sure && $0.ended < ahead }
      ready.removeAll { $0.ended > sure && $0.ended < ahead }
      noted = []
      for record in ready.sorted(by: RequestRecord.endedBefore) { offer(record) }
    }

    private func offer(_ record: RequestRecord) {
      guard lost == 0 || tellOfLoss() else {
        lost += 1
        return
      }
      if case .dropped = continuation.yield(.record(record)) { lost += 1 }
    }

    private func tellOfLoss() -> Bool {
      if case .dropped = continuation.yield(.lost(lost)) { return false }
      lost = 0
      return true
    }

    func beat() {
      if lost > 0, !tellOfLoss() { return }
      continuation.yield(.quiet)
    }
  }
}
