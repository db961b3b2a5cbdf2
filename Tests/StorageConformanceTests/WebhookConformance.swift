// Webhooks, their queues and deliveries on every engine.
import KeyModel
import Testing

@testable import Storage

@Suite struct WebhookConformance {
  private static let later = Sample.now.adding(seconds: 60)

  @Test("a webhook is stored, found, changed, listed and removed", arguments: Backend.allCases)
  func life(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        for number in 1...3 { try tx.webhooks.insert(Sample.webhook(number)) }
        try #expect(tx.webhooks.find(Sample.id(2)) == Sample.webhook(2))
        var changed = Sample.webhook(2)
        changed.name = "other"
        changed.url = "https://other.example/"
        changed.events = ["*"]
        changed.disabledReason = .failing
        changed.sealedPrevious = [1]
        changed.previousUntil = Self.later
        let stored = try tx.webhooks.update(changed)
        #expect(stored.revision == 2)
        try #expect(tx.webhooks.find(Sample.id(2)) == stored)
        #expect(throws: StoreError.stale) { try tx.webhooks.update(changed) }
        let page = try tx.webhooks.list(account: Sample.id(1), before: Sample.id(3), limit: 1)
        #expect(page == [stored])
        try tx.webhooks.remove(Sample.id(2), at: Self.later)
        try #expect(tx.webhooks.find(Sample.id(2)) == nil)
        try #expect(tx.webhooks.all(account: Sample.id(1)).map(\.id) == [1, 3].map(Sample.id))
      }
    }
  }

  @Test("what was removed is erased in pieces, and nothing else", arguments: Backend.allCases)
  func erasure(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.webhooks.insert(Sample.webhook(1))
        try tx.webhooks.insert(Sample.webhook(2))
        try tx.events.insert(Sample.event(3), body: nil)
        try tx.deliveries.insert(
          (10...14).map { Sample.delivery($0, of: 3, to: $0 == 14 ? 2 : 1) })
        try tx.webhooks.remove(Sample.id(1), at: Self.later)
      }
      var rounds = 0
      while try await store.write({ try $0.webhooks.eraseRemoved(limit: 3) }) { rounds += 1 }
      #expect(rounds == 3)
      try await store.read { tx in
        try #expect(tx.deliveries.find(Sample.id(13)) == nil)
        try #expect(tx.deliveries.find(Sample.id(14)) != nil)
        try #expect(tx.number("SELECT count(*) FROM webhooks") == 1)
        try #expect(tx.number("SELECT count(*) FROM webhook_queues") == 1)
      }
    }
  }

  @Test("a queue is claimed by one at a time, and an old claim is not heard")
  func claims() async throws {
    for backend in Backend.allCases {
      try await backend.withStore { store in
        try await store.addTenant()
        try await store.write { tx in
          let (id, now): (WebhookID, Timestamp) = (Sample.id(1), Sample.now)
          try tx.webhooks.insert(Sample.webhook(1))
          try #expect(tx.webhookQueues.due(at: now, limit: 9) == [])
          try tx.webhookQueues.bring(id, to: Self.later)
          try tx.webhookQueues.bring(id, to: Self.later.adding(seconds: 5))
          try #expect(tx.webhookQueues.nextDue(after: now) == Self.later)
          try tx.webhookQueues.bring(id, to: now)
          try #expect(tx.webhookQueues.due(at: now, limit: 9) == [id])
          var first = try #require(try tx.webhookQueues.claim(id, at: now, until: Self.later))
          #expect(first == WebhookQueue(webhookID: id, epoch: 1, health: EndpointHealth()))
          try #expect(tx.webhookQueues.claim(id, at: now, until: Self.later) == nil)
          try #expect(tx.webhookQueues.due(at: now, limit: 9) == [])
          first.health = EndpointHealth(
            failures: 3, failingSince: now, pausedUntil: Self.later, isWarned: true)
          try tx.webhookQueues.store(first)
          // The lease has run out: another takes it.
          let second = try #require(
            try tx.webhookQueues.claim(id, at: Self.later, until: Self.later))
          #expect(second.epoch == 2 && second.health == first.health)
          try #expect(!tx.webhookQueues.isCurrent(first))
          try #expect(tx.webhookQueues.isCurrent(second))
          try #expect(!tx.webhookQueues.renew(first, until: Self.later))
          try #expect(tx.webhookQueues.renew(second, until: Self.later.adding(seconds: 1)))
          _ = try tx.webhookQueues.release(first)
          try #expect(tx.webhookQueues.claim(id, at: Self.later, until: Self.later) == nil)
          try #expect(tx.webhookQueues.release(second) == nil)
          try #expect(tx.webhookQueues.nextDue(after: now) == nil)
          try tx.webhookQueues.reset(id, due: now)
          let third = try #require(try tx.webhookQueues.claim(id, at: now, until: Self.later))
          #expect(third.epoch == 4 && third.health == EndpointHealth())
          try tx.webhookQueues.dropClaims()
          try #expect(tx.webhookQueues.claim(id, at: now, until: Self.later) != nil)
        }
      }
    }
  }

  @Test("deliveries come when they are due, and end once", arguments: Backend.allCases)
  func deliveries(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        let (hook, now): (WebhookID, Timestamp) = (Sample.id(1), Sample.now)
        try tx.webhooks.insert(Sample.webhook(1))
        try tx.events.insert(Sample.event(2), body: [1, 2])
        try #expect(tx.events.find(Sample.id(2)) == Sample.event(2))
        var own = Sample.delivery(11, of: 2, to: 1)
        own.body = [9]
        own.nextAttemptAt = now.adding(seconds: -1)
        var late = Sample.delivery(12, of: 2, to: 1)
        late.nextAttemptAt = Self.later
        try tx.deliveries.insert([Sample.delivery(10, of: 2, to: 1), own, late])
        let due = try tx.deliveries.due(of: hook, at: now, limit: 9)
        #expect(due.map(\.delivery) == [own, Sample.delivery(10, of: 2, to: 1)])
        #expect(due.map(\.body) == [[9], [1, 2]])
        #expect(due.first?.data == #"{"n":2,"t":"✓"}"#)
        own.state = .delivered
        own.nextAttemptAt = nil
        own.tries = 1
        try tx.deliveries.settle(own)
        try #expect(tx.deliveries.find(own.id)?.0 == own)
        // What has ended stays so.
        own.state = .failed
        try tx.deliveries.settle(own)
        try #expect(tx.deliveries.find(own.id)?.0.state == .delivered)
        try #expect(tx.deliveries.cancelPending(of: hook, limit: 1) == 1)
        try #expect(tx.deliveries.list(of: hook, state: .cancelled, limit: 9).count == 1)
        try #expect(tx.deliveries.list(of: hook, type: "c", limit: 9).isEmpty)
        let listed = try tx.deliveries.list(of: hook, before: late.id, limit: 1)
        #expect(listed.map(\.0.id) == [own.id] && listed.map(\.eventType) == ["a.b"])
      }
    }
  }

  @Test("replay begins a new series, of one or of all that missed", arguments: Backend.allCases)
  func replay(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        let hook: WebhookID = Sample.id(1)
        try tx.webhooks.insert(Sample.webhook(1))
        try tx.events.insert(Sample.event(2), body: [1, 2])
        let states: [DeliveryState] = [.delivered, .failed, .cancelled, .failed]
        try tx.deliveries.insert(
          states.enumerated().map { number, state in
            var one = Sample.delivery(10 + number, of: 2, to: 1)
            one.state = state
            one.tries = 7
            one.nextAttemptAt = nil
            return one
          })
        let since = Sample.now.adding(seconds: 12)
        try #expect(
          tx.deliveries.replayMissed(of: hook, since: since, at: Self.later, limit: 9) == 2)
        try tx.deliveries.replay(Sample.id(10), at: Self.later)
        let pending = try tx.deliveries.list(of: hook, state: .pending, limit: 9).map(\.0)
        #expect(pending.map(\.id) == [13, 12, 10].map(Sample.id))
        #expect(pending.allSatisfy { $0.tries == 0 && $0.attempts.count == 1 })
        #expect(pending.allSatisfy { $0.nextAttemptAt == Self.later })
      }
    }
  }

  @Test("old events go with their deliveries, project by project", arguments: Backend.allCases)
  func retention(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.webhooks.insert(Sample.webhook(1))
        for number in 2...4 {
          try tx.events.insert(Sample.event(number), body: nil)
          try tx.deliveries.insert([Sample.delivery(number + 10, of: number, to: 1)])
        }
        let cut = Sample.now.adding(seconds: 4)
        try #expect(tx.events.delete(of: Sample.id(9), before: cut, limit: 9) == 0)
        try #expect(tx.events.delete(of: Sample.id(1), before: cut, limit: 1) == 1)
        try #expect(tx.events.delete(of: Sample.id(1), before: cut, limit: 9) == 1)
        try #expect(tx.deliveries.find(Sample.id(13)) == nil)
        try #expect(tx.deliveries.find(Sample.id(14)) != nil)
      }
    }
  }
}
