// When attempts are due, what their outcomes mean, and how an endpoint's health follows.
import KeyModel
import Testing

@Suite("The life of a delivery")
struct DeliveryLifecycleTests {
  private static let now = Timestamp(seconds: 1_795_255_200)
  private static let standard: [Int64] = [
    0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
  ]
  private static let blank = Delivery(
    id: DeliveryID(bits: 1), eventID: EventID(bits: 2), webhookID: WebhookID(bits: 3),
    nextAttemptAt: now)

  @Test("Every gap is the policy's, give or take a tenth, and the last failure ends it")
  func gaps() {
    for seed in 0..<200 as Range<UInt64> {
      var random = seed &* 0x9E37_79B9_7F4A_7C15
      var (delivery, time) = (Self.blank, Self.now)
      for wait in Self.standard.dropFirst() {
        random = random &* 6_364_136_223_846_793_005 &+ 1
        delivery = delivery.after(
          DeliveryAttempt(at: time, status: 500), .refused, waits: Self.standard, now: time,
          random: random)
        let next = delivery.nextAttemptAt ?? .latest
        let gap = Double(next.microseconds - time.microseconds) / 1e6
        #expect(abs(gap - Double(wait)) <= Double(wait) * 0.1)
        #expect(delivery.state == .pending)
        time = next
      }
      delivery = delivery.after(
        DeliveryAttempt(at: time, status: 500), .refused, waits: Self.standard, now: time,
        random: random)
      #expect(delivery.state == .failed && delivery.nextAttemptAt == nil)
      #expect(delivery.tries == 10 && delivery.attempts.count == 10)
    }
  }

  @Test("Chance spreads the waits over both sides")
  func spread() {
    let waits = (0..<1000 as Range<UInt64>).compactMap { number in
      RetrySchedule.next(
        after: 1, waits: [0, 1000], now: Self.now,
        random: number &* 0x9E37_79B9_7F4A_7C15)
    }.map { ($0.microseconds - Self.now.microseconds) / 1_000_000 }
    #expect(waits.count == 1000)
    #expect((waits.min() ?? 0) < 925 && (waits.max() ?? 0) > 1075)
  }

  @Test("Success and 410 end it at once; Retry-After is the earliest it is tried again")
  func endings() {
    let attempt = DeliveryAttempt(at: Self.now)
    func after(_ outcome: AttemptOutcome) -> Delivery {
      Self.blank.after(attempt, outcome, waits: Self.standard, now: Self.now, random: 7)
    }
    #expect(after(.delivered).state == .delivered)
    #expect(after(.gone).state == .failed)
    let wanted = Self.now.adding(seconds: 900)
    #expect(after(.throttled(retryAfter: 900)).nextAttemptAt == wanted)
    #expect(
      (after(.throttled(retryAfter: 1)).nextAttemptAt ?? Self.now) > Self.now.adding(seconds: 4))
  }

  @Test(
    "What a status means",
    arguments: [
      (200, nil, AttemptOutcome.delivered), (204, nil, .delivered), (301, nil, .refused),
      (302, "5", .refused), (307, nil, .refused), (400, nil, .refused), (404, nil, .refused),
      (410, nil, .gone), (429, "17", .throttled(retryAfter: 17)),
      (429, nil, .throttled(retryAfter: nil)), (429, "-1", .throttled(retryAfter: nil)),
      (429, "soon", .throttled(retryAfter: nil)), (500, "5", .refused),
      (503, "99999999", .throttled(retryAfter: 86_400)), (502, "5", .throttled(retryAfter: nil)),
      (503, "Sat, 21 Nov 2026 10:01:00 GMT", .throttled(retryAfter: 60)),
      (503, "Sat, 21 Nov 2026 09:00:00 GMT", .throttled(retryAfter: 0)),
      (503, "Sat, 21 Foo 2026 09:00:00 GMT", .throttled(retryAfter: nil)),
    ] as [(Int, String?, AttemptOutcome)])
  func outcomes(_ status: Int, _ retryAfter: String?, _ outcome: AttemptOutcome) {
    #expect(AttemptOutcome(status: status, retryAfter: retryAfter, now: Self.now) == outcome)
  }
}

@Suite("The health of an endpoint")
struct EndpointHealthTests {
  private static let now = Timestamp(seconds: 1_795_255_200)

  @Test("It is warned of half way, disabled at the end, and any success starts anew")
  func disabling() {
    var health = EndpointHealth()
    func fail(_ seconds: Int64) -> EndpointHealth.Effect? {
      health.note(.refused, disableAfter: 1000, now: Self.now.adding(seconds: seconds))
    }
    #expect(fail(0) == nil)
    #expect(fail(499) == nil)
    #expect(fail(500) == .warn(at: Self.now.adding(seconds: 1000)))
    #expect(fail(999) == nil)
    #expect(fail(1000) == .disable(.failing))
    #expect(health.noteLoss() && !health.noteLoss())
    _ = health.note(.delivered, disableAfter: 1000, now: Self.now.adding(seconds: 1001))
    #expect(health == EndpointHealth())
    #expect(fail(2000) == nil)
    #expect(health.note(.gone, disableAfter: nil, now: Self.now) == .disable(.gone))
  }

  @Test("A policy without an end never disables")
  func never() {
    var health = EndpointHealth()
    for day in 0..<100 as Range<Int64> {
      let time = Self.now.adding(seconds: day * 86_400)
      #expect(health.note(.unanswered, disableAfter: nil, now: time) == nil)
    }
  }

  @Test("Many failures in a row open the circuit, for a minute at most; few do not")
  func circuit() {
    var health = EndpointHealth()
    for number in 1...40 {
      _ = health.note(.unanswered, disableAfter: nil, now: Self.now)
      let pause = (health.pausedUntil ?? Self.now).seconds - Self.now.seconds
      #expect(pause >= (number >= EndpointHealth.patience ? 1 : 0) && pause <= 60)
      #expect(number >= EndpointHealth.patience || pause == 0)
    }
    #expect(health.isPaused(at: Self.now.adding(seconds: 59)))
    #expect(!health.isPaused(at: Self.now.adding(seconds: 60)))
    var throttled = EndpointHealth()
    _ = throttled.note(.throttled(retryAfter: 30), disableAfter: nil, now: Self.now)
    #expect(throttled.isPaused(at: Self.now.adding(seconds: 29)))
  }

  @Test("An endpoint that answers gets more calls in flight, one that hangs gets one")
  func window() {
    var window = EndpointWindow(EndpointHealth())
    for _ in 0..<100 { window.note(.delivered) }
    #expect(window.size == EndpointWindow.largest)
    for _ in 0..<6 { window.note(.unanswered) }
    #expect(window.size == 1)
    #expect(EndpointWindow(EndpointHealth(failures: 9)).size == 1)
    for _ in 0..<50 { window.note(.refused) }
    #expect(window.size >= 1)
  }
}
