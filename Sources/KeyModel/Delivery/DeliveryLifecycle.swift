// When a delivery is attempted and how it ends. Pure: time and chance are arguments.

package enum RetrySchedule {
  /// When the attempt after `tries` made ones is due; nil: there is none.
  /// - Parameters:
  ///   - waits: the policy's `retry`: seconds before each attempt, the first one included.
  ///   - notBefore: as the endpoint asked for.
  ///   - random: any 64 bits; they move the wait by up to 8 % either way, which with what the
  ///     sending itself takes stays within the 10 % that are promised.
  package static func next(
    after tries: Int, waits: [Int64], now: Timestamp, notBefore: Timestamp? = nil,
    random: UInt64
  ) -> Timestamp? {
    guard tries < waits.count else { return nil }
    let wait = waits[tries] * 1_000_000
    let spread = wait * 16 / 100
    let jitter = spread > 0 ? Int64(random % UInt64(spread + 1)) - spread / 2 : 0
    let time = Timestamp(microseconds: now.microseconds + wait + jitter)
    return max(time, notBefore ?? time)
  }

  /// The longest that a series can last, in seconds.
  package static func length(_ waits: [Int64]) -> Int64 { waits.reduce(0, +) }
}

extension Delivery {
  /// Attempts that are kept; of each the beginning of the answer.
  package static let attemptsKept = 64

  /// What the delivery is after this attempt.
  /// - Parameters:
  ///   - waits: the policy's `retry`.
  ///   - now: when the attempt ended.
  package func after(
    _ attempt: DeliveryAttempt, _ outcome: AttemptOutcome, waits: [Int64], now: Timestamp,
    random: UInt64
  ) -> Delivery {
    var next = self
    next.tries += 1
    next.attempts = Array((attempts + [attempt]).suffix(Self.attemptsKept))
    next.nextAttemptAt = nil
    switch outcome {
    case .delivered: next.state = .delivered
    case .gone: next.state = .failed
    case .throttled, .refused, .unanswered:
      next.nextAttemptAt = RetrySchedule.next(
        after: next.tries, waits: waits, now: now,
        notBefore: outcome.retryAfter.map { now.adding(seconds: $0) }, random: random)
      if next.nextAttemptAt == nil { next.state = .failed }
    }
    return next
  }
}
