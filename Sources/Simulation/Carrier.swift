// What a simulated server holds of webhooks: claims on queues, calls in the air, and what came of
// calls and is not stored yet.
import Delivery
import KeyModel
import Storage

/// A call of an endpoint.
struct Letter {
  var number: UInt64
  var tenant: Int
  var hook: Int
  var node: Int
  var life: Int
  var due: DueDelivery
  /// The claim under which it was started.
  var queue: WebhookQueue
  var url: String
  var headers: [(name: String, value: String)]
  var body: [UInt8]
  var started: Timestamp
}

struct Carrier {
  struct Held {
    var tenant: Int
    var hook: Int
    var run: QueueRun
    /// Of the customer's rows, when they were last read.
    var revision: Int
  }

  struct Outcome {
    var letter: Letter
    var queue: WebhookQueue
    var delivery: Delivery
    var notices: [DeliveryNotice]
  }

  var held: [Held] = []
  var outcomes: [Outcome] = []
  var nextRound: Int64 = .max
  /// After the store has failed.
  var restsUntil: Int64 = 0

  func index(_ tenant: Int, _ hook: Int) -> Int? {
    held.firstIndex { $0.tenant == tenant && $0.hook == hook }
  }

  /// How many outcomes of this claim wait to be stored.
  func storing(_ one: Held) -> Int {
    outcomes.filter {
      $0.letter.tenant == one.tenant && $0.letter.hook == one.hook
        && $0.queue.epoch == one.run.queue.epoch
    }.count
  }

  mutating func drop(_ tenant: Int, _ hook: Int, epoch: Int64) {
    held.removeAll {
      $0.tenant == tenant && $0.hook == hook && $0.run.queue.epoch == epoch
    }
  }

  /// When it has to look at what it holds, by its own clock.
  func wakesAt(_ now: Timestamp) -> Int64 {
    if !outcomes.isEmpty { return now.microseconds }
    var least = Int64.max
    for one in held {
      let run = one.run
      if run.canStart(now) || run.wantsMore(now) || run.isIdle(now, storing: 0) {
        return now.microseconds
      }
      least = min(least, run.leasedUntil.microseconds - Carrier.leaseSeconds * 500_000)
      if let retry = run.nextRetry { least = min(least, retry.microseconds) }
    }
    return least
  }

  static let leaseSeconds: Int64 = 30
}
