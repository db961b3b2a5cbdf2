// Marks of batches: the same batch is begun once, by each writer for itself.
import KeyModel
import Storage
import Testing

@Suite("Marks of batches") struct MarkConformance {
  @Test("a batch is begun once, whatever others do; silent writers go", arguments: Backend.allCases)
  func once(_ backend: Backend) async throws {
    try await backend.withStore { store in
      let (one, two) = ([UInt8](repeating: 1, count: 16), [UInt8](repeating: 2, count: 16))
      func begin(_ batch: Int64, _ writer: [UInt8], after seconds: Int64 = 0) async throws -> Bool {
        try await store.write {
          try $0.batchMarks.begin(batch, by: writer, at: Sample.now.adding(seconds: seconds))
        }
      }
      #expect(try await begin(1, one))
      #expect(try await !begin(1, one))
      #expect(try await begin(1, two))
      #expect(try await begin(2, one, after: 60))
      #expect(try await !begin(2, one, after: 60))
      #expect(try await !begin(1, one, after: 60))
      let gone = try await store.write {
        try $0.batchMarks.purge(before: Sample.now.adding(seconds: 30))
      }
      #expect(gone == 1)
      #expect(try await !begin(2, one))
    }
  }
}

@Suite("Leaks in the store") struct LeakConformance {
  @Test("a leak is kept once for each place, and listed newest first", arguments: Backend.allCases)
  func list(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let wanted = (1...5).map { number in
        var leak = Sample.leak(of: 10, at: "https://x.example/\(number)")
        leak.id = Sample.id(100 + number)
        return leak
      }
      for leak in wanted { #expect(try await store.write { try $0.leaks.insert(leak) }) }
      for leak in wanted { #expect(try await store.write { try !$0.leaks.insert(leak) }) }
      let (first, rest, none) = try await store.read { tx in
        (
          try tx.leaks.list(limit: 3),
          try tx.leaks.list(
            project: Sample.id(1), account: Sample.id(1), before: wanted[2].id, limit: 3),
          try tx.leaks.list(account: Sample.id(9), limit: 3)
        )
      }
      #expect(first == wanted.reversed().prefix(3) + [])
      #expect(rest == [wanted[1], wanted[0]] && none.isEmpty)
    }
  }
}
