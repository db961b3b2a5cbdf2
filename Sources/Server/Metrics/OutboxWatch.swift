// How much waits in the outboxes, looked up every few seconds: /metrics shows what the last look
// found, so that a scrape costs the store nothing.
internal import KeyModel
internal import Storage

final class OutboxWatch: Sendable {
  struct Reading: Sendable {
    let outbox: String
    var waiting: Int64 = 0
    var oldestSeconds = 0.0
    var lateSeconds = 0.0
  }

  private static let names = ["webhooks", "mails", "cycles"]
  private let store: Store
  private let now: @Sendable () -> Timestamp
  private let last = Locked(names.map { Reading(outbox: $0) })

  init(_ store: Store, now: @escaping @Sendable () -> Timestamp) {
    self.store = store
    self.now = now
  }

  var readings: [Reading] { last.withLock { $0 } }

  /// What cannot be read keeps the figures of before.
  func look() async {
    let time = now()
    let figures = try? await store.read { tx in
      [
        try tx.outboxes.webhooks(at: time), try tx.outboxes.mails(at: time),
        try tx.outboxes.cycles(at: time),
      ]
    }
    guard let figures else { return }
    func seconds(since start: Timestamp?) -> Double {
      start.map { Double(max(0, time.microseconds - $0.microseconds)) / 1e6 } ?? 0
    }
    let readings = zip(Self.names, figures).map { name, one in
      Reading(
        outbox: name, waiting: one.waiting, oldestSeconds: seconds(since: one.oldest),
        lateSeconds: seconds(since: one.free))
    }
    last.withLock { $0 = readings }
  }
}
