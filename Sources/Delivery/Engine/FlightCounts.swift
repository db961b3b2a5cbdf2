// Which calls may be started beside those that are in flight: in all, of an account, of an
// endpoint. Endpoints that are not known to answer promptly share a part, so that whatever hangs
// leaves room for what does not. Knows no clock and starts nothing.
internal import KeyModel

package struct DeliverySettings: Sendable {
  /// Calls in flight in all.
  package var capacity = 480
  /// Of those the most to endpoints that are not known to answer promptly.
  package var slowShare = 360
  /// Of one account: in all, and to endpoints that are not known to answer promptly.
  package var accountShare = (all: 240, slow: 128)
  /// So many of one account in flight: from here on an endpoint starts two at most, and one where
  /// it is not known to answer promptly.
  package var accountFew = 64
  /// Queues held at a time.
  package var claims = 4096
  package var leaseSeconds: Int64 = 30
  /// Outcomes that wait to be stored; beyond this nothing is started.
  package var backlog = 4096
  package init() {}
}

struct FlightCounts {
  /// Longer than this is not prompt.
  private static let promptMilliseconds: Int64 = 1000
  /// With so many of an account in flight to endpoints that are not known to answer promptly, each
  /// of those has one.
  private static let fewSlow = 16

  private struct Count {
    var all = 0
    var slow = 0

    mutating func add(_ number: Int, slow isSlow: Bool) {
      all += number
      if isSlow { slow += number }
    }
  }

  private var count = Count()
  private var ofAccount: [AccountID: Count] = [:]
  /// Accounts with calls to endpoints that are not known to answer promptly.
  private var slowAccounts = 0
  /// Whose last answer came within a second, since this server began.
  private var prompt: Set<WebhookID> = []

  var inFlight: Int { count.all }

  func isSlow(_ id: WebhookID) -> Bool { !prompt.contains(id) }

  /// - Parameter ofEndpoint: its calls in flight.
  func mayStart(
    _ id: WebhookID, of account: AccountID, ofEndpoint: Int, _ settings: DeliverySettings
  ) -> Bool {
    guard count.all < settings.capacity else { return false }
    let own = ofAccount[account] ?? Count()
    guard own.all < settings.accountShare.all else { return false }
    if isSlow(id) { return mayStartSlow(own, ofEndpoint, settings) }
    return ofEndpoint < 2 || own.all < settings.accountFew && !isCrowded(settings)
  }

  private func mayStartSlow(_ own: Count, _ ofEndpoint: Int, _ settings: DeliverySettings) -> Bool {
    guard count.slow < settings.slowShare, own.slow < settings.accountShare.slow else {
      return false
    }
    // Where half of the room is taken, no account goes beyond an equal part of it.
    let parts = slowAccounts + (own.slow == 0 ? 1 : 0)
    if count.slow >= settings.slowShare / 2, own.slow >= max(1, settings.slowShare / (parts + 1)) {
      return false
    }
    return ofEndpoint < 1
      || own.slow < Self.fewSlow && count.slow < settings.slowShare / 2
  }

  private func isCrowded(_ settings: DeliverySettings) -> Bool {
    count.all >= settings.capacity * 3 / 4
  }

  /// True: nobody at all may start another.
  func isFull(_ settings: DeliverySettings) -> Bool { count.all >= settings.capacity }

  /// True where who was left out comes before the endpoint whose call has ended.
  func isScarce(_ account: AccountID, slow: Bool, _ settings: DeliverySettings) -> Bool {
    let own = ofAccount[account] ?? Count()
    return isFull(settings) || own.all >= settings.accountShare.all
      || slow && own.slow >= Self.fewSlow
  }

  /// True where an end makes room for somebody else than the endpoint it was of.
  func isShared(_ account: AccountID, slow: Bool, _ settings: DeliverySettings) -> Bool {
    let own = ofAccount[account] ?? Count()
    return own.all >= settings.accountFew || isCrowded(settings)
      || slow && count.slow >= settings.slowShare / 2
  }

  mutating func started(_ account: AccountID, slow: Bool) { change(account, by: 1, slow) }

  mutating func ended(_ account: AccountID, slow: Bool) { change(account, by: -1, slow) }

  private mutating func change(_ account: AccountID, by number: Int, _ slow: Bool) {
    count.add(number, slow: slow)
    var own = ofAccount[account] ?? Count()
    let before = own.slow
    own.add(number, slow: slow)
    slowAccounts += (own.slow > 0 ? 1 : 0) - (before > 0 ? 1 : 0)
    ofAccount[account] = own.all > 0 ? own : nil
  }

  /// What an attempt says of its endpoint. An answer that refuses is as good as any other here.
  mutating func note(_ outcome: AttemptOutcome, of id: WebhookID, latencyMilliseconds: Int64) {
    switch outcome {
    case .delivered, .refused:
      if latencyMilliseconds <= Self.promptMilliseconds {
        prompt.insert(id)
      } else {
        prompt.remove(id)
      }
    case .throttled, .unanswered, .gone: prompt.remove(id)
    }
  }
}
