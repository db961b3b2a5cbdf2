// The workload of webhooks: how their endpoints answer, and what owners do to them. It judges
// nothing.
import Crypto
import Delivery
import KeyModel

/// What an endpoint does with an event.
enum Welcome: CaseIterable, Hashable {
  case takes
  /// Takes it; the answer is lost, or comes too late.
  case takesAndLosesAnswer, takesLate
  case hangs, refusesConnection, fails, complains, redirects, isBusy, answersGarbage
  /// 429 with seconds, 503 with a date.
  case throttles, throttlesUntil
  case gone

  /// The endpoint has the event.
  var takesIt: Bool { self == .takes || self == .takesAndLosesAnswer || self == .takesLate }
}

extension World {
  static let publishedType = "order.paid"

  // MARK: The endpoint

  mutating func arrive(_ letter: Letter) {
    let welcome = trouble == 0 && now >= peaceAt ? .takes : welcomes[letter.tenant][letter.hook]
    note(UInt64(Welcome.allCases.firstIndex(of: welcome) ?? 0))
    tell("letter \(letter.number) arrives: \(welcome)")
    let wait = welcome == .throttles || welcome == .throttlesUntil ? chance.within(1...20_000) : 0
    auditor.hooks.arrived(letter, welcome, wait: wait, now: now)
    let result = answer(welcome, wait)
    let timeout = webhookRules.timeoutSeconds * World.second
    let isLate = welcome == .hangs || welcome == .takesLate
    agenda.add(
      .letterAnswer(letter, result),
      at: now + (isLate ? timeout : 0) + chance.within(1...400) * 1000)
    if chance.below(4) == 0 { welcomes[letter.tenant][letter.hook] = newWelcome() }
  }

  mutating func newWelcome() -> Welcome {
    if chance.below(5) < 3 { return .takes }
    let one = Welcome.allCases[chance.below(Welcome.allCases.count)]
    return one == .gone && chance.below(4) > 0 ? .fails : one
  }

  private func answer(
    _ welcome: Welcome, _ wait: Int64
  ) -> Result<OutboundAnswer, OutboundFailure> {
    func failure(
      _ reason: OutboundFailure.Reason
    ) -> Result<OutboundAnswer, OutboundFailure> {
      .failure(OutboundFailure(reason, "", mayHaveArrived: reason != .notConnected))
    }
    func answered(
      _ status: Int, after text: String? = nil
    ) -> Result<OutboundAnswer, OutboundFailure> {
      let isHeard = mutant != .ignoreRetryAfter
      let headers = text.map { [(name: "Retry-After", value: $0)] } ?? []
      return .success(OutboundAnswer(status: status, headers: isHeard ? headers : []))
    }
    switch welcome {
    case .takes: return answered(204)
    case .takesAndLosesAnswer: return failure(.connectionLost)
    case .takesLate, .hangs: return failure(.timedOut)
    case .refusesConnection: return failure(.notConnected)
    case .fails: return answered(500)
    case .complains: return answered(400)
    case .redirects: return answered(302)
    case .isBusy: return answered(502)
    case .answersGarbage: return failure(.answerMalformed)
    case .throttles: return answered(429, after: String(wait))
    case .throttlesUntil: return answered(503, after: date(time.adding(seconds: wait)))
    case .gone: return answered(410)
    }
  }

  /// As RFC 9110 §5.6.7 writes it; nobody looks at the day of the week.
  private func date(_ time: Timestamp) -> String {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let text = RFC3339.format(time)
    let parts = text.prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), months.indices.contains(month - 1) else {
      return ""
    }
    let clock = text.dropFirst(11).prefix(8)
    return "Thu, \(parts[2]) \(months[month - 1]) \(parts[0]) \(clock) GMT"
  }

  // MARK: Owners

  mutating func addHooks(_ tenant: inout Tenant, at: Int) {
    welcomes.append([])
    for number in 0..<(1 + chance.below(2)) {
      let events =
        chance.below(2) == 0 ? [Webhook.everything] : [Self.publishedType, "key.revoked"]
      let webhook = Webhook(
        id: newID(), projectID: tenant.key.projectID, accountID: tenant.key.accountID, name: "",
        url: "https://\(at)-\(number).example/0", environment: tenant.key.environment,
        events: events, sealedSecrets: [], createdAt: time)
      let secrets = WebhookSecrets(entropy: entropy)
      tenant.post.hooks.append(Hook(webhook: webhook, secrets: secrets))
      welcomes[at].append(newWelcome())
      auditor.hooks.issued(secrets.secret.revealText(), to: webhook.id, now: now)
    }
  }

  mutating func patron(_ tenant: Int) {
    guard now < peaceAt else { return }
    agenda.add(.patron(tenant: tenant), at: now + chance.within(1...30_000) * World.second)
    let hook = chance.below(tenants[tenant].post.hooks.count)
    let action = chance.below(32)
    note(UInt64(action))
    tell("the owner of webhook \(hook) of customer \(tenant) does \(action)")
    switch action {
    case 0..<18: publish(tenant)
    case 18: test(tenant, hook)
    case 19, 20: rotateSecret(tenant, hook)
    case 21: move(tenant, hook)
    case 22, 23: turn(tenant, hook, on: false)
    case 24..<28: turn(tenant, hook, on: true)
    case 28: replayAll(tenant, hook)
    case 29, 30: replayOne(tenant)
    default: welcomes[tenant][hook] = newWelcome()
    }
  }

  /// By a request to some server, whose claims hear of it at once.
  private mutating func ask(
    _ tenant: Int, _ body: (inout World, inout Post) -> Void
  ) -> Bool {
    let up = nodes.indices.filter { nodes[$0].isUp && nodes[$0].deafSince == nil }
    guard !up.isEmpty else { return false }
    let at = up[chance.below(up.count)]
    let outcome = changePost(tenant, by: at, body)
    return outcome != .undone
  }

  private mutating func publish(_ tenant: Int) {
    let number = chance.next() % 1000
    _ = ask(tenant) { world, post in
      world.auditor.hooks.published += 1
      post.announced.append(
        Announcement(type: Self.publishedType, data: ["number": .integer(Int64(number))]))
    }
  }

  private mutating func test(_ tenant: Int, _ hook: Int) {
    _ = ask(tenant) { world, post in
      guard post.hooks[hook].webhook.disabledReason == nil else { return }
      world.auditor.hooks.tested = post.hooks[hook].webhook.id
      post.announced.append(
        Announcement(
          type: EventKind.webhookTest.rawValue, data: ["test": true],
          only: post.hooks[hook].webhook.id))
    }
  }

  private mutating func rotateSecret(_ tenant: Int, _ hook: Int) {
    let overlap = [0, 600, 86_400][chance.below(3)] as Int64
    let secrets = WebhookSecrets(entropy: entropy)
    let (time, id) = (self.time, tenants[tenant].post.hooks[hook].webhook.id)
    let isDone = ask(tenant) { _, post in
      post.hooks[hook].previous = post.hooks[hook].secrets
      post.hooks[hook].secrets = secrets
      post.hooks[hook].webhook.previousUntil = overlap > 0 ? time.adding(seconds: overlap) : nil
      post.revision += 1
    }
    guard isDone else { return }
    auditor.hooks.rotated(
      secrets.secret.revealText(), of: id, overlap: overlap * World.second, now: now)
  }

  private mutating func move(_ tenant: Int, _ hook: Int) {
    let url = "https://\(tenant)-\(hook).example/\(chance.next() % 1_000_000)"
    let time = self.time
    _ = ask(tenant) { _, post in
      post.hooks[hook].webhook.url = url
      post.reset(hook, due: time)
    }
  }

  private mutating func turn(_ tenant: Int, _ hook: Int, on: Bool) {
    let time = self.time
    guard (tenants[tenant].post.hooks[hook].webhook.disabledReason == nil) != on else { return }
    _ = ask(tenant) { _, post in
      post.hooks[hook].webhook.disabledReason = on ? nil : .manual
      if !on { post.cancelPending(hook) }
      post.reset(hook, due: time)
    }
  }

  private mutating func replayAll(_ tenant: Int, _ hook: Int) {
    let time = self.time
    _ = ask(tenant) { world, post in
      guard post.hooks[hook].webhook.disabledReason == nil else { return }
      for at in post.deliveries.indices
      where post.deliveries[at].webhookID == post.hooks[hook].webhook.id
        && post.deliveries[at].state.rawValue >= DeliveryState.failed.rawValue
      {
        world.replay(at, &post, time)
      }
    }
  }

  private mutating func replayOne(_ tenant: Int) {
    let count = tenants[tenant].post.deliveries.count
    guard count > 0 else { return }
    let (at, time) = (chance.below(count), self.time)
    _ = ask(tenant) { world, post in
      guard at < post.deliveries.count, let hook = post.index(of: post.deliveries[at].webhookID),
        post.hooks[hook].webhook.disabledReason == nil
      else { return }
      world.replay(at, &post, time)
    }
  }

  private mutating func replay(_ at: Int, _ post: inout Post, _ time: Timestamp) {
    auditor.hooks.replayed(post.deliveries[at].id)
    post.replay(at, at: time)
  }
}
