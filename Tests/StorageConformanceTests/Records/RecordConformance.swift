// The request log on both engines: what was appended is found, in order, once, whatever was merged
// in between.
import Foundation
import KeyModel
import Testing

@testable import Storage

@Suite struct RecordConformance {
  private static func filter(_ change: (inout RecordFilter) -> Void) -> RecordFilter {
    var filter = RecordFilter()
    change(&filter)
    return filter
  }

  private static let filters: [RecordFilter] = [
    RecordFilter(), filter { $0.status = .exact(404) }, filter { $0.status = .hundreds(2) },
    filter { $0.status = .exact(599) }, filter { $0.brand = "acme" },
    filter { $0.key = Entry.key(3) }, filter { $0.key = Entry.key(77) },
    filter { $0.method = "POST" }, filter { $0.pathPrefix = "/v1/orders/" },
    filter { $0.pathPrefix = "/v1/orders/12" }, filter { $0.pathPrefix = "/é" },
    filter { $0.denial = .revoked },
    filter {
      $0.from = Entry.midnight.adding(seconds: 40_000)
      $0.to = Entry.midnight.adding(seconds: 100_000)
    },
    filter {
      $0.status = .hundreds(4)
      $0.method = "GET"
      $0.brand = "beta"
      $0.from = Entry.midnight.adding(seconds: 10_001)
    },
  ]

  @Test("a record comes back as it went in", arguments: RecordBackend.allCases)
  func roundTrip(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      var entry = Entry(1)
      entry.status = 403
      entry.denial = .wrongEnvironment
      entry.brand = "Marke ✓"
      #expect(log.append([entry]) == 1)
      let page = try log.page(RecordQuery(owner: .account(Entry.account(1))))
      let record = try #require(page.records.first)
      #expect(page.records.count == 1 && page.next == nil)
      #expect(record.id == entry.id && record.time == entry.time)
      #expect(record.accountID == Entry.account(1) && record.keyID == Entry.key(1))
      #expect(record.status == 403 && record.denial == .wrongEnvironment)
      #expect(record.brand == "Marke ✓" && record.path == "/v1/orders")
      #expect(log.counts.stored == 1 && log.counts.dropped == 0 && log.counts.failure == nil)
      try #expect(log.diskBytes() > 0)
    }
  }

  @Test("an empty log has empty pages", arguments: RecordBackend.allCases)
  func empty(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      try #expect(log.ids(.account(Entry.account(1))).isEmpty)
      #expect(log.append([]) == 0)
      try #expect(!log.merge(now: Entry.midnight))
      try #expect(log.ids(.account(Entry.account(1))).isEmpty)
    }
  }

  /// Two days, disorder, several accounts and calls without one; before, amid and after merging.
  @Test(
    "every filter finds what looking at all finds, on pages of any size",
    arguments: RecordBackend.allCases, [1, 2] as [UInt64])
  func model(backend: RecordBackend, seed: UInt64) async throws {
    try await backend.withLog { log in
      var source = EntrySource(seed: seed)
      var entries: [Entry] = []
      for round in 0..<60 {
        let batch = (0..<source.below(200)).map {
          source.entry(entries.count + $0, accounts: 3)
        }
        entries += batch
        #expect(log.append(batch, durable: round % 7 == 0) == batch.count)
        for _ in 0..<source.below(3) {
          _ = try log.merge(now: Entry.midnight.adding(seconds: Int64(entries.count) * 20))
        }
        if round % 20 == 19 { try Self.compare(log, entries, limit: 7 + source.below(60)) }
      }
      try log.mergeAll(at: 10 * 86_400)
      #expect(log.counts.waitingRuns == 0)
      try Self.compare(log, entries, limit: 50)
      #expect(log.counts.stored == Int64(entries.count) && log.counts.dropped == 0)
    }
  }

  private static func compare(_ log: RecordLog, _ entries: [Entry], limit: Int) throws {
    let owners: [RecordOwner] = [
      .account(Entry.account(1)), .account(Entry.account(3)), .project(Entry.project(2)),
      .account(Entry.account(9)),
    ]
    for owner in owners {
      for filter in filters {
        let found = try log.ids(owner, filter, limit: limit)
        #expect(found == expected(entries, owner, filter), "\(owner) \(filter)")
      }
    }
  }

  @Test(
    "an export is the same as all pages, and ends where it is told to",
    arguments: RecordBackend.allCases)
  func export(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      var source = EntrySource(seed: 3)
      let entries = (0..<2_500).map { source.entry($0, accounts: 1) }
      for start in stride(from: 0, to: 2_500, by: 100) {
        log.append(Array(entries[start..<start + 100]))
      }
      var found: [RequestID] = []
      let query = RecordQuery(owner: .account(Entry.account(1)))
      try log.forEach(query) { record in
        found.append(record.id)
        return true
      }
      #expect(found == expected(entries, query.owner))
      var seen = 0
      try log.forEach(query) { _ in
        seen += 1
        return seen < 10
      }
      #expect(seen == 10)
    }
  }

  @Test(
    "what was stored is there after the log is opened again, and is merged on",
    arguments: RecordBackend.allCases)
  func reopening(backend: RecordBackend) async throws {
    try await backend.withLocation { location in
      var source = EntrySource(seed: 4)
      var entries: [Entry] = []
      for writer in 1...4 {
        let log = try RecordLog(location, writer: Int64(writer))
        for _ in 0..<20 {
          let batch = (0..<10).map { source.entry(entries.count + $0, accounts: 2) }
          entries += batch
          log.append(batch)
        }
        // Cut short amid a merge.
        for _ in 0..<writer { _ = try log.merge(now: Entry.midnight) }
        log.close()
      }
      let log = try RecordLog(location, writer: 9)
      defer { log.close() }
      try log.mergeAll(at: 10 * 86_400)
      #expect(log.counts.waitingRuns == 0)
      for account in 1...2 {
        let owner = RecordOwner.account(Entry.account(account))
        try #expect(log.ids(owner) == expected(entries, owner))
      }
    }
  }

  @Test(
    "a day is dropped whole, its late records are refused, and pages go on",
    arguments: RecordBackend.allCases)
  func dropping(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      let entries = (0..<40).map { Entry($0, at: Int64($0) * 10_000) }
      log.append(entries)
      let owner = RecordOwner.account(Entry.account(1))
      try #expect(log.ids(owner) == expected(entries, owner))
      let first = Entry.midnight.day
      try #expect(!log.expire(before: first + 2, shorter: [:]))
      let kept = entries.filter { $0.time.day >= first + 2 }
      #expect(kept.count < entries.count)
      try #expect(log.ids(owner) == expected(kept, owner))
      #expect(log.append([Entry(100, at: 5)]) == 0)
      #expect(log.counts.dropped == 1)
      try #expect(log.ids(owner) == expected(kept, owner))
    }
  }

  @Test(
    "a project's shorter retention removes its records and no others, in steps",
    arguments: RecordBackend.allCases)
  func shorterRetention(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      var source = EntrySource(seed: 8)
      let entries = (0..<6_000).map { source.entry($0, accounts: 4) }
      for start in stride(from: 0, to: 6_000, by: 500) {
        log.append(Array(entries[start..<start + 500]))
      }
      try log.mergeAll(at: 10 * 86_400)
      let first = Entry.midnight.day
      var steps = 0
      while try log.expire(before: first, shorter: [Entry.project(2): first + 1]) { steps += 1 }
      #expect(steps > 1 && steps < 1_000)
      let kept = entries.filter { $0.project != 2 || $0.time.day > first }
      #expect(kept.count < entries.count - 500)
      for account in 0...4 {
        let owner: RecordOwner =
          account == 0 ? .project(Entry.project(2)) : .account(Entry.account(account))
        try #expect(log.ids(owner) == expected(kept, owner))
      }
      try #expect(!log.expire(before: first, shorter: [Entry.project(2): first + 1]))
    }
  }

  @Test("records of any clock are stored in the day of their id", arguments: RecordBackend.allCases)
  func clockSteps(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      let entries = [0, 90_000, -3_600, 86_400 * 400, 5, -86_400 * 300].enumerated().map {
        Entry($0.offset, at: Int64($0.element))
      }
      #expect(log.append(entries) == entries.count)
      try log.mergeAll(at: 86_400 * 500)
      let owner = RecordOwner.account(Entry.account(1))
      try #expect(log.ids(owner, limit: 2) == expected(entries, owner))
    }
  }

  @Test("bytes that are no record are counted and harm nothing", arguments: RecordBackend.allCases)
  func damagedBatch(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      let batch = Entry(1).packed + Entry(2).packed.dropLast(3)
      #expect(batch.withUnsafeBytes { log.append($0, durable: true) } == 1)
      #expect(log.counts.dropped == 1 && log.counts.stored == 1)
      try #expect(log.ids(.account(Entry.account(1))) == [Entry(1).id])
    }
  }

  @Test(
    "pages stay whole while another thread appends, merges and drops",
    arguments: RecordBackend.allCases)
  func readingBeside(backend: RecordBackend) async throws {
    try await backend.withLog { log in
      let settled = (0..<400).map { Entry($0, at: 86_400 + Int64($0)) }
      log.append(settled)
      let owner = RecordOwner.account(Entry.account(1))
      let want = expected(settled, owner)
      let writing = Task.detached {
        for round in 0..<150 {
          log.append(
            (0..<20).map { Entry(round * 20 + $0, at: 200_000 + Int64(round), account: 2) })
          while try log.merge(now: Entry.midnight.adding(seconds: 400_000)) {}
          if round == 75 { _ = try log.expire(before: Entry.midnight.day + 1, shorter: [:]) }
        }
      }
      for _ in 0..<40 { try #expect(log.ids(owner, limit: 60) == want) }
      try await writing.value
      try #expect(log.ids(.account(Entry.account(2)), limit: 200).count == 3_000)
    }
  }
}
