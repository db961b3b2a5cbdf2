// Watches events and their deliveries from outside: what was committed has to arrive, once more
// rather than never, as it was, by the schedule, and to nobody else. It reads rows and wires, keeps
// its own books and decides nothing.
import Crypto
import KeyModel
import Storage

struct WebhookAuditor {
  /// Until whoever holds a queue has heard of a change.
  static let notice: Int64 = 60_000_000
  private static let publishedTypes = ["order.paid", "webhook.test"]

  struct Track {
    var hook: WebhookID
    var delivery: DeliveryID
    var body: [UInt8]
    var isTest: Bool
    var sends = 0
    /// Attempts of the present series that were stored.
    var tries = 0
    var isStored: Set<UInt64> = []
    var hasArrived = false
    var wasGone = false
    var wasReplayed = false
    /// Committed after a backup that was restored.
    var isGone = false
    var state = DeliveryState.pending
    /// No attempt may be sent before.
    var earliest: Int64 = 0
  }

  struct Pair: Hashable {
    var event: EventID
    var hook: WebhookID
  }

  /// What is known of a webhook: of each the last and the one before.
  struct Book {
    var tenant: Int
    var url = ""
    var formerURL = ""
    var movedAt: Int64 = .min
    var disabledAt: Int64?
    /// Attempts that were stored have failed since then, all of them.
    var failingSince: Int64?
    /// The same before something arrived, and when that was stored: a disabling that was on its way
    /// to the store goes there all the same.
    var recovered: (since: Int64, at: Int64)?
    /// Its queue was begun anew, at least once.
    var wasReset = false
    var secrets: [(text: String, from: Int64, until: Int64)] = []
  }

  var violation: Violation?
  /// Said by the workload: to be committed by the transaction under way.
  var published = 0
  var tested: WebhookID?
  var books: [WebhookID: Book] = [:]
  private(set) var tracks: [Track] = []
  private var byPair: [Pair: Int] = [:]
  private var byDelivery: [DeliveryID: Int] = [:]
  /// By the number of the letter: when it was answered, and what the endpoint asked for.
  private var answers: [UInt64: (at: Int64, wait: Int64, isTaken: Bool)] = [:]
  /// Seconds before each attempt, and until a webhook is disabled, as the policy has them.
  var waits: [Int64] = []
  var disableAfter: Int64?
  /// Clocks of servers may differ by so much.
  var slack: Int64 = 0
  /// Nothing fails in this world but endpoints, and its clocks agree to half of what a claim lasts:
  /// then nothing is sent twice either.
  var isCalm = false
  private(set) var arrivals = 0
  /// As a backup has them.
  private var kept: [WebhookID: Book] = [:]

  mutating func fail(_ rule: String, _ detail: @autoclosure () -> String, _ now: Int64) {
    if violation == nil { violation = Violation(rule: rule, detail: detail(), at: now) }
  }

  // MARK: Secrets

  mutating func issued(_ text: String, to hook: WebhookID, now: Int64) {
    books[hook, default: Book(tenant: 0)].secrets = [(text, now, .max / 2)]
  }

  mutating func rotated(_ text: String, of hook: WebhookID, overlap: Int64, now: Int64) {
    guard var secrets = books[hook]?.secrets, let last = secrets.indices.last else { return }
    for at in secrets.indices.dropLast() { secrets[at].until = min(secrets[at].until, now) }
    secrets[last].until = now + overlap
    books[hook]?.secrets = secrets.suffix(2) + [(text, now, .max / 2)]
  }

  // MARK: Rows

  /// - Parameter changes: types of the events that this change of the account's keys is.
  mutating func row(
    _ tenant: Int, from old: Post, to new: Post, changes: [String], now: Int64
  ) {
    defer {
      published = 0
      tested = nil
    }
    read(tenant, new, now)
    let fresh = new.events.filter { $0.event.id > old.events.last?.event.id ?? EventID(bits: 0) }
    hold(fresh.map(\.event.type), changes, new, now)
    for stored in fresh { begin(stored, tenant, new, now) }
    for id in new.touched {
      guard let row = new.deliveries.first(where: { $0.id == id }) else { continue }
      guard let at = byDelivery[id] else {
        fail("W2", "a delivery of no event that was committed", now)
        continue
      }
      step(at, row, now)
    }
  }

  private mutating func read(_ tenant: Int, _ new: Post, _ now: Int64) {
    for hook in new.hooks {
      let id = hook.webhook.id
      var book = books[id] ?? Book(tenant: tenant)
      book.tenant = tenant
      if book.url != hook.webhook.url {
        (book.formerURL, book.movedAt) = (book.url, now)
        book.wasReset = !book.url.isEmpty
        (book.url, book.failingSince) = (hook.webhook.url, nil)
      }
      if let reason = hook.webhook.disabledReason {
        if book.disabledAt == nil { disabled(book, reason, now) }
        book.disabledAt = book.disabledAt ?? now
        (book.wasReset, book.failingSince) = (true, nil)
      } else {
        book.disabledAt = nil
      }
      books[id] = book
    }
  }

  private mutating func disabled(_ book: Book, _ reason: Webhook.DisabledReason, _ now: Int64) {
    guard reason == .failing else { return }
    let before = book.recovered.flatMap { $0.at == now ? $0.since : nil }
    let since = book.failingSince ?? before ?? now
    if now - since < (disableAfter ?? .max / 2_000_000) * 1_000_000 - slack {
      fail("W10", "disabled after failing for \((now - since) / 1_000_000) s", now)
    }
  }

  /// What happened is told, and nothing else is.
  private mutating func hold(
    _ told: [String], _ changes: [String], _ new: Post, _ now: Int64
  ) {
    var wanted = changes + Array(repeating: "order.paid", count: published)
    if tested != nil { wanted.append("webhook.test") }
    let isHeard = wanted.filter { type in
      type == "webhook.test" || new.hooks.contains { subscribes($0, type) }
    }
    for type in Set(isHeard).sorted() {
      let count = told.filter { $0 == type }.count
      if count != isHeard.filter({ $0 == type }).count {
        fail("W1", "\(type) happened and was not told in the same commit", now)
      }
    }
    for type in told where type.hasPrefix("key.") || Self.publishedTypes.contains(type) {
      if !wanted.contains(type) { fail("W2", "\(type) was told and did not happen", now) }
    }
  }

  private func subscribes(_ hook: Hook, _ type: String) -> Bool {
    guard hook.webhook.disabledReason == nil else { return false }
    return hook.webhook.events.contains { $0 == "*" || $0 == type }
  }

  private mutating func begin(
    _ stored: StoredEvent, _ tenant: Int, _ new: Post, _ now: Int64
  ) {
    let (event, text) = (stored.event, String(decoding: stored.body, as: UTF8.self))
    if !text.contains("\"\(event.id)\"") || !text.contains("\"\(event.accountID)\"") {
      fail("W6", "an event's bytes name neither it nor its account", now)
    }
    let deliveries = new.deliveries.filter { $0.eventID == event.id }
    for hook in new.hooks {
      let own = deliveries.filter { $0.webhookID == hook.webhook.id }
      let isWanted = event.type == "webhook.test" ? !own.isEmpty : subscribes(hook, event.type)
      if own.count != (isWanted ? 1 : 0) {
        fail("W1", "\(own.count) deliveries of \(event.type) to one webhook", now)
      }
    }
    for one in deliveries {
      byPair[Pair(event: event.id, hook: one.webhookID)] = tracks.count
      byDelivery[one.id] = tracks.count
      tracks.append(
        Track(
          hook: one.webhookID, delivery: one.id, body: stored.body,
          isTest: event.type == "webhook.test"))
    }
  }

  private mutating func step(_ at: Int, _ row: Delivery, _ now: Int64) {
    var track = tracks[at]
    let limit = track.isTest ? 1 : waits.count
    if track.wasReplayed {
      (track.wasReplayed, track.earliest) = (false, 0)
    } else if row.tries < track.tries {
      fail("W5", "attempts were forgotten", now)
    } else if row.state == .pending, row.tries == track.tries, track.isStored.count > track.tries {
      fail("W5", "an attempt was not counted", now)
    }
    track.tries = row.tries
    if row.tries > limit { fail("W5", "\(row.tries) attempts", now) }
    switch row.state {
    case .pending: break
    case .delivered:
      if !track.hasArrived { fail("W4", "called delivered, and never arrived", now) }
    case .failed:
      if row.tries < limit, !track.wasGone { fail("W4", "given up before its time", now) }
    case .cancelled:
      if books[row.webhookID]?.disabledAt == nil { fail("W4", "cancelled by nobody", now) }
    }
    track.state = row.state
    tracks[at] = track
  }

  mutating func replayed(_ id: DeliveryID) {
    guard let at = byDelivery[id] else { return }
    tracks[at].wasReplayed = true
    (tracks[at].tries, tracks[at].sends) = (0, 0)
    tracks[at].isStored = []
  }

  // MARK: Wires

  mutating func sent(_ letter: Letter, now: Int64) {
    let hook = letter.queue.webhookID
    let id = letter.headers.first { $0.name == "webhook-id" }?.value ?? ""
    guard let book = books[hook], let event = EventID(id),
      let at = byPair[Pair(event: event, hook: hook)]
    else { return fail("W3", "\(id) was never committed for this webhook", now) }
    tracks[at].sends += 1
    if tracks[at].body != letter.body { fail("W6", "other bytes under one id", now) }
    let isFormer = letter.url == book.formerURL && now - book.movedAt <= Self.notice
    if letter.url != book.url, !isFormer { fail("W3", "sent to \(letter.url)", now) }
    if let since = book.disabledAt, now - since > Self.notice {
      fail("W3", "sent to a webhook that was turned off", now)
    }
    let early = tracks[at].earliest - now
    if early > 0 { fail("W7", "sent \(early / 1_000_000) s before its time", now) }
    if !isSigned(letter, id, book, now) { fail("W8", "no secret of now has signed it", now) }
  }

  mutating func arrived(_ letter: Letter, _ welcome: Welcome, wait: Int64, now: Int64) {
    arrivals += 1
    // A date is by the endpoint's clock, which is right.
    let asked = welcome == .throttlesUntil ? wait - 31 : wait
    answers[letter.number] = (now, asked * 1_000_000, welcome == .takes)
    let pair = Pair(event: letter.due.delivery.eventID, hook: letter.queue.webhookID)
    guard let at = byPair[pair] else { return }
    if welcome.takesIt { tracks[at].hasArrived = true }
    if welcome == .gone { tracks[at].wasGone = true }
  }

  /// What came of a letter changes the store, where the queue's claim has this number.
  mutating func counts(_ letter: Letter, at epoch: Int64, now: Int64) {
    if letter.queue.epoch != epoch {
      fail("W9", "epoch \(letter.queue.epoch) was heard beside \(epoch)", now)
    }
    guard let at = byDelivery[letter.due.delivery.id], let answer = answers[letter.number],
      tracks[at].isStored.insert(letter.number).inserted
    else { return }
    if tracks[at].isTest { return }
    let hook = letter.queue.webhookID
    let since = books[hook]?.failingSince ?? answer.at
    if answer.isTaken, books[hook]?.failingSince != nil { books[hook]?.recovered = (since, now) }
    books[hook]?.failingSince = answer.isTaken ? nil : since
    let tries = letter.due.delivery.tries + 1
    guard tries < waits.count else { return }
    let wait = max(waits[tries] * 920_000, answer.wait)
    tracks[at].earliest = max(tracks[at].earliest, answer.at + wait - slack)
  }

  // MARK: Restores

  mutating func backUp() { kept = books }

  /// What was committed since is gone; what was over is on its way again.
  mutating func restored(_ posts: [Post], now: Int64) {
    books = kept
    for id in books.keys {
      books[id]?.movedAt = now
      books[id]?.wasReset = true
    }
    let rows = posts.flatMap(\.deliveries)
    let found = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
    for at in tracks.indices {
      tracks[at].isGone = found[tracks[at].delivery] == nil
      guard let row = found[tracks[at].delivery] else { continue }
      (tracks[at].state, tracks[at].tries, tracks[at].sends) = (row.state, row.tries, 0)
      (tracks[at].earliest, tracks[at].isStored) = (0, [])
    }
  }

  // MARK: Liveness

  mutating func settled(now: Int64) {
    for track in tracks {
      if track.state == .pending, !track.isGone {
        fail("L5", "\(track.delivery) is still on its way", now)
      }
      guard isCalm, books[track.hook]?.wasReset == false else { continue }
      if track.state == .delivered, track.sends > track.isStored.count {
        let letters = track.isStored.sorted()
        fail("W5", "\(track.sends) letters of \(track.delivery) for attempts \(letters)", now)
      }
    }
  }
}
