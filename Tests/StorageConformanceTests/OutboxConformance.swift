// What waits in the outboxes: counted whatever it waits for, and told apart from what nobody takes.
import KeyModel
import Storage
import Testing

@Suite("Outboxes") struct OutboxConformance {
  @Test("webhooks: a claim takes lateness away, not what waits", arguments: Backend.allCases)
  func webhooks(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let later = Sample.now.adding(seconds: 90)
      func figures() async throws -> OutboxFigures {
        try await store.read { try $0.outboxes.webhooks(at: later) }
      }
      #expect(try await figures() == OutboxFigures(waiting: 0))
      try await store.write { tx in
        try tx.webhooks.insert(Sample.webhook(20))
        try tx.events.insert(Sample.event(21), body: [0x7B, 0x7D])
        try tx.deliveries.insert([Sample.delivery(22, of: 21, to: 20)])
        try tx.webhookQueues.bring(Sample.id(20), to: Sample.now)
      }
      #expect(
        try await figures() == OutboxFigures(waiting: 1, oldest: Sample.now, free: Sample.now))
      let claim = try await store.write {
        try $0.webhookQueues.claim(Sample.id(20), at: later, until: later.adding(seconds: 30))
      }
      #expect(claim != nil)
      #expect(try await figures() == OutboxFigures(waiting: 1, oldest: Sample.now))
    }
  }

  @Test("mails and cycles", arguments: Backend.allCases)
  func others(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { try $0.mails.insert([Sample.mail(23)]) }
      let later = Sample.now.adding(seconds: 90)
      let (mails, cycles) = try await store.read { tx in
        (try tx.outboxes.mails(at: later), try tx.outboxes.cycles(at: later))
      }
      #expect(mails.waiting == 1 && mails.oldest == Sample.now && mails.free != nil)
      #expect(cycles == OutboxFigures(waiting: 0))
    }
  }
}
