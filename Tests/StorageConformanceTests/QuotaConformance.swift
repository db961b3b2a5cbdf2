// Rows of quotas: made once, locked while they change, and gone with their account.
import Dispatch
import KeyModel
import Synchronization
import Testing

@testable import Storage

@Suite struct QuotaConformance {
  private static let subject = QuotaSubject(id: 77, account: Sample.id(1))
  private static let day = MeterDay(start: Timestamp(seconds: 86_400 * 20_000 + 1800))

  @Test(
    "a row begins empty, keeps what it is told, and goes with its account",
    arguments: Backend.allCases)
  func life(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.reserve { tx in
        var row = try #require(try tx.quotas.lock(Self.subject, day: Self.day))
        #expect(row == QuotaRow(day: Self.day))
        row.reserved = 9
        row.told = 80
        row.term = 3
        try tx.quotas.update(Self.subject, row)
        let stranger = QuotaSubject(id: 78, account: Sample.id(99))
        #expect(try tx.quotas.lock(stranger, day: Self.day) == nil)
      }
      let later = MeterDay(startMinute: Self.day.startMinute + 1440)
      let rows = try await store.reserve { tx in
        _ = try tx.quotas.lock(Self.subject, day: later)
        return try tx.quotas.list(of: Sample.id(1))
      }
      #expect(rows == [77: QuotaRow(day: Self.day, reserved: 9, told: 80, term: 3)])
      let rest = try await store.write { tx in
        _ = try tx.accounts.delete(Sample.id(1))
        return try tx.quotas.list(of: Sample.id(1))
      }
      #expect(rest.isEmpty)
    }
  }

  @Test(
    "logged rows are folded in the order of their numbers, the newest of a subject wins",
    arguments: Backend.allCases)
  func log(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let other = QuotaSubject(id: 5, account: Sample.id(1))
      let orphan = QuotaSubject(id: 6, account: Sample.id(99))
      let logged = [(Self.subject, 3), (other, 4), (Self.subject, 1), (orphan, 2), (other, 9)]
      try await store.reserve { tx in
        for (number, (subject, reserved)) in logged.enumerated() {
          let row = QuotaRow(
            day: Self.day, reserved: Int64(reserved), term: Int64(reserved) * 10)
          try tx.quotas.log(subject, row, number: Int64(number + 10))
        }
      }
      func fold(_ count: Int) async throws -> (mark: Int64, rows: [UInt128: Int64]) {
        try await store.write { tx in
          let mark = try tx.quotas.fold(atMost: count)
          let rows = try tx.quotas.list(of: Sample.id(1))
          #expect(rows.values.allSatisfy { $0.term == $0.reserved * 10 })
          return (mark, rows.mapValues(\.reserved))
        }
      }
      #expect(try await fold(2) == (11, [77: 3, 5: 4]))
      #expect(try await fold(2) == (13, [77: 1, 5: 4]))
      #expect(try await fold(2) == (14, [77: 1, 5: 9]))
      #expect(try await fold(2) == (0, [77: 1, 5: 9]))
    }
  }

  @Test("rows come in pages, in the order of subjects", arguments: Backend.allCases)
  func pages(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        for id in [9, 2, 300, 1] {
          let subject = QuotaSubject(id: UInt128(id), account: Sample.id(1))
          try tx.quotas.update(subject, QuotaRow(day: Self.day, reserved: Int64(id)))
        }
      }
      func page(_ after: UInt128) async throws -> [UInt128] {
        try await store.read { tx in
          let page = try tx.quotas.page(after: after, count: 3)
          #expect(page.allSatisfy { Int64($0.subject.id) == $0.row.reserved })
          #expect(page.allSatisfy { $0.subject.account == Sample.id(1) })
          return page.map(\.subject.id)
        }
      }
      #expect(try await page(0) == [1, 2, 9])
      #expect(try await page(9) == [300])
      #expect(try await page(300) == [])
    }
  }

  @Test("the term that was stored last is found", arguments: Backend.allCases)
  func terms(_ backend: Backend) async throws {
    try await backend.withStore { store in
      #expect(try await store.read { try $0.quotas.term() } == .none)
      var term = QuotaTerm.none
      term.extend(to: Self.day)
      for one in [term, term.found] {
        try await store.write { try $0.quotas.set(one) }
        #expect(try await store.read { try $0.quotas.term() } == one)
      }
    }
  }

  @Test(
    "two stores on one database that reserve at once lose no call", arguments: [Backend.postgres])
  func shared(_ backend: Backend) async throws {
    try await backend.withDatabase { location in
      let stores = try (0..<2).map { _ in try Store.open(location) }
      defer { for store in stores { store.close() } }
      try await stores[0].addTenant()
      let subjects = (0..<5).map { QuotaSubject(id: UInt128($0), account: Sample.id(1)) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 {
          group.addTask {
            for _ in 0..<25 {
              try await stores[worker % 2].reserve { tx in
                for subject in subjects {
                  var row = try #require(try tx.quotas.lock(subject, day: Self.day))
                  _ = row.reserve(1, limit: .max)
                  try tx.quotas.update(subject, row)
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      let rows = try await stores[1].read { try $0.quotas.list(of: Sample.id(1)) }
      #expect(rows.count == 5 && rows.values.allSatisfy { $0.reserved == 200 })
    }
  }

  @Test("a reservation does not wait for a long write", arguments: [Backend.postgres])
  func beside(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let order = Order()
      async let long: Void = store.write { tx in
        _ = try tx.meta.find("x")
        order.waitForReservation()
      }
      try await store.reserve { tx in
        _ = try tx.quotas.lock(Self.subject, day: Self.day)
      }
      order.reserved()
      try await long
      #expect(order.wasFirst)
    }
  }

  /// Whether the reservation ended while the write was still open.
  final class Order: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let inTime = Mutex(false)
    func waitForReservation() {
      let result = gate.wait(timeout: .now() + .seconds(20)) == .success
      inTime.withLock { $0 = result }
    }
    func reserved() { gate.signal() }
    var wasFirst: Bool { inTime.withLock { $0 } }
  }
}
