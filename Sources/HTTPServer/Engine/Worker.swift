// One thread with one libevent loop. Everything it owns is touched by its own thread alone, which
// is what makes it sendable; only `post` may be called from elsewhere. Must not know HTTP.

import CEvent
import Glibc
import Synchronization

/// One thread with one event loop; owns its connections, client and upstream, for life.
// Unchecked: all stored state but `inbox` is confined to the worker's thread once `start` was
// called.
package final class Worker: @unchecked Sendable {
  package let index: Int
  let limits: Limits
  let trustedProxies: [CIDR]
  let memory: Memory
  let base: OpaquePointer
  var clock = TurnClock()
  var dateLine = DateLine()

  private let inbox = Mutex(Inbox())
  private let wakeDescriptor: Int32
  private let wakeEvent = UnsafeMutablePointer<event>.allocate(capacity: 1)
  private let sweepEvent = UnsafeMutablePointer<event>.allocate(capacity: 1)
  private var thread = pthread_t()
  private var stopped = false

  private(set) var channels = ContiguousArray<Channel>()
  private var attention = ContiguousArray<Channel>()
  /// Channels whose output leaves together at the end of a turn: sends in a row keep the kernel's
  /// half of a call warm and wake a peer once for several answers. So few that the first of them
  /// waits for no more than some 100 microseconds of other calls' work.
  private static let gatheredChannels = 32
  var listeners: [Listener] = []
  /// Client connections alone.
  var connectionCount = 0
  var draining = false
  private var drainDeadline = Int64.max

  init(index: Int, limits: Limits, trustedProxies: [CIDR]) throws(ListenError) {
    self.index = index
    self.limits = limits
    self.trustedProxies = trustedProxies
    memory = Memory(limits)
    let configuration = event_config_new()
    defer { if let configuration { event_config_free(configuration) } }
    if let configuration {
      event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
    }
    guard let base = event_base_new_with_config(configuration) else {
      throw ListenError("cannot make an event loop: \(lastSystemError())")
    }
    wakeDescriptor = latchkey_wake_descriptor()
    guard wakeDescriptor >= 0 else {
      event_base_free(base)
      throw ListenError("cannot make an eventfd: \(lastSystemError())")
    }
    self.base = base
    attention.reserveCapacity(Self.gatheredChannels * 2)
    event_assign(
      wakeEvent, base, wakeDescriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, context in Worker.from(context)?.runInbox() },
      Unmanaged.passUnretained(self).toOpaque())
    event_assign(
      sweepEvent, base, -1, Int16(EV_PERSIST),
      { _, _, context in Worker.from(context)?.sweep() }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    event_del(wakeEvent)
    event_del(sweepEvent)
    wakeEvent.deallocate()
    sweepEvent.deallocate()
    event_base_free(base)
    close(wakeDescriptor)
    dateLine.free()
  }

  // MARK: What others may use

  /// Names the calls that the engine answers itself; empty text for no name. To be set while the
  /// handlers are made.
  package var nameRequest: () -> String = { "" }

  /// Microseconds that tests add to the wall clock; to be set while the handlers are made.
  package var clockShift: (@Sendable () -> Int64)?

  /// Microseconds since 1970, read once per turn of the loop.
  package var now: Int64 {
    guard let clockShift else { return clock.wallMicroseconds }
    return clock.wallMicroseconds + clockShift()
  }
  /// Monotonic nanoseconds, for latencies; read at call time.
  package var monotonicNanoseconds: Int64 { TurnClock.read(CLOCK_MONOTONIC) }
  /// The same as it was when this turn first looked at a clock: when a latency begins.
  package var turnNanoseconds: Int64 { clock.monotonicNanoseconds }
  /// Monotonic milliseconds of this turn, for deadlines.
  var milliseconds: Int64 { clock.monotonicMilliseconds }

  /// From any thread: runs `work` on this worker's thread, soon and in order. Work that is posted
  /// after the engine was drained is dropped; then it gives false.
  @discardableResult
  package func post(_ work: @escaping @Sendable () -> Void) -> Bool {
    let count = inbox.withLock { inbox in
      guard !inbox.closed else { return 0 }
      inbox.work.append(work)
      return inbox.work.count
    }
    if count == 1 { wake() }
    return count > 0
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(wakeDescriptor, &one, 8)
  }

  /// Open connections: of clients, and to upstreams. On this worker's thread.
  package var connections: (clients: Int, upstreams: Int) {
    (connectionCount, max(0, channels.count - connectionCount))
  }

  // MARK: Life

  func start() {
    event_add(wakeEvent, nil)
    var interval = timeval(tv_sec: 0, tv_usec: 500_000)
    event_add(sweepEvent, &interval)
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context)
    precondition(code == 0, "cannot start a worker thread")
  }

  /// Asks for the end; `join` waits for it.
  func beginDrain() {
    post { [unowned self] in
      draining = true
      drainDeadline = milliseconds + Int64(limits.drainSeconds) * 1000
      for listener in listeners { listener.drain() }
      for channel in Array(channels) { channel.drain() }
      stopIfDone()
    }
  }

  func join() { pthread_join(thread, nil) }

  private func run() {
    while !stopped {
      clock.invalidate()
      guard event_base_loop(base, EVLOOP_ONCE) >= 0 else { break }
      attend()
      if draining { stopIfDone() }
    }
    for channel in Array(channels) { channel.closeNow() }
    for listener in listeners { listener.close() }
    listeners = []
    let rest = inbox.withLock { inbox in
      inbox.closed = true
      defer { inbox.work = [] }
      return inbox.work
    }
    for work in rest { work() }
  }

  private func stopIfDone() {
    guard draining, connectionCount == 0 || milliseconds >= drainDeadline else { return }
    stopped = true
  }

  private func runInbox() {
    var count: UInt64 = 0
    _ = read(wakeDescriptor, &count, 8)
    let work = inbox.withLock { inbox in
      defer { inbox.work = [] }
      return inbox.work
    }
    for item in work { item() }
    endCallback()
  }

  private func sweep() {
    let now = milliseconds
    for channel in Array(channels) { channel.sweep(now) }
    for listener in listeners { listener.resumeIfPossible() }
    endCallback()
  }

  // MARK: Channels

  func adopt(_ channel: Channel) {
    channel.position = channels.count
    channels.append(channel)
  }

  func disown(_ channel: Channel) {
    let position = channel.position
    guard position >= 0 else { return }
    channel.position = -1
    let last = channels.removeLast()
    guard last !== channel else { return }
    channels[position] = last
    last.position = position
  }

  func connectionEnded() {
    let wasFull = connectionCount >= limits.connectionsPerWorker
    connectionCount -= 1
    if wasFull { for listener in listeners { listener.resumeIfPossible() } }
  }

  /// The channel's `attend` runs before this turn goes back to waiting.
  func wantsAttention(_ channel: Channel) {
    guard !channel.awaitsAttention else { return }
    channel.awaitsAttention = true
    attention.append(channel)
  }

  /// To be called at the end of every callback from the loop: what was written meanwhile leaves in
  /// one call per connection, at the latest when the turn ends.
  @inline(__always)
  func endCallback() {
    if attention.count >= Self.gatheredChannels { attend() }
  }

  /// Whoever waits first is attended to first.
  func attend() {
    var next = 0
    while next < attention.count {
      let channel = attention[next]
      next += 1
      channel.awaitsAttention = false
      channel.attend()
    }
    attention.removeAll(keepingCapacity: true)
  }

  static func from(_ context: UnsafeMutableRawPointer?) -> Worker? {
    context.map { Unmanaged<Worker>.fromOpaque($0).takeUnretainedValue() }
  }
}

private struct Inbox {
  var work: [@Sendable () -> Void] = []
  var closed = false
}

/// The reason of the call that just failed.
func lastSystemError() -> String {
  String(cString: strerror(errno))
}
