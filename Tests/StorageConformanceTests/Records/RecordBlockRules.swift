// What only the files of blocks need watching for: room that is given back, readers that still look
// at it, bytes that power took away, and days that were stored before there were such files.
import Foundation
import KeyModel
import Synchronization
import Testing

@testable import Storage

@Suite struct RecordBlockRules {
  private static let owner = RecordOwner.account(Entry.account(1))

  private static func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder.path + "/records")
  }

  private static func blocks(_ path: String) -> URL {
    URL(filePath: path + "/2025-06-16.blocks")
  }

  private static func diskBytes(_ file: URL) throws -> Int {
    var status = stat()
    try #require(stat(file.path, &status) == 0)
    return Int(status.st_blocks) * 512
  }

  @Test("runs that were merged give their room back")
  func room() async throws {
    try await Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      var live = 0
      for round in 0..<120 {
        let batch = (0..<200).map { Entry(round * 200 + $0) }
        live += batch.reduce(0) { $0 + $1.packed.count }
        log.append(batch)
        try log.mergeAll()
      }
      try log.mergeAll(at: 900_000)
      let taken = try Self.diskBytes(Self.blocks(path))
      #expect(taken >= live && taken < live + live / 4)
      try #expect(log.diskBytes() >= Int64(taken))
    }
  }

  @Test("what a killed process left behind is given back by the next")
  func leftovers() async throws {
    try await Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      let entries = (0..<2_000).map { Entry($0) }
      log.append(entries)
      log.close()
      let live = try Self.diskBytes(Self.blocks(path))
      let file = try FileHandle(forWritingTo: Self.blocks(path))
      try file.seekToEnd()
      try file.write(contentsOf: Data(repeating: 0x58, count: 3_000_000))
      try file.close()
      let after = try RecordLog(.folder(path: path), writer: 2)
      defer { after.close() }
      after.append([Entry(5_000)])
      try after.mergeAll()
      try #expect(Self.diskBytes(Self.blocks(path)) < live + 100_000)
      try #expect(after.ids(Self.owner) == expected(entries + [Entry(5_000)], Self.owner))
    }
  }

  @Test("records that a shorter retention removed are in no file any more")
  func removed() async throws {
    try await Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      let entries = (0..<3_000).map { number in
        var entry = Entry(number, account: 1 + number % 2)
        entry.project = 1 + number % 2
        entry.path = number % 2 == 0 ? "/kept" : "/forgotten"
        return entry
      }
      log.append(entries)
      try log.mergeAll(at: 900_000)
      let first = Entry.midnight.day
      while try log.expire(before: first, shorter: [Entry.project(2): first + 1]) {}
      try log.mergeAll(at: 900_000)
      let bytes = try Data(contentsOf: Self.blocks(path))
      #expect(bytes.range(of: Data("/kept".utf8)) != nil)
      #expect(bytes.range(of: Data("/forgotten".utf8)) == nil)
      try #expect(log.ids(Self.owner) == expected(entries, Self.owner))
    }
  }

  @Test("a removal that a full disk cuts short harms no other records")
  func removingOnFullDisk() throws {
    let disk = try SmallDisk(size: "12m")
    defer { disk.remove() }
    let log = try RecordLog(.folder(path: disk.path + "/records"), writer: 1)
    defer { log.close() }
    let entries = (0..<12_000).map { number in
      var entry = Entry(number)
      entry.project = 1 + number % 2
      return entry
    }
    for start in stride(from: 0, to: 12_000, by: 1_000) {
      log.append(Array(entries[start..<start + 1_000]))
    }
    try log.mergeAll(at: 900_000)
    let filler = disk.path + "/filler"
    let file = open(filler, O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let zeros = [UInt8](repeating: 0, count: 4_096)
    while write(file, zeros, zeros.count) > 0 {}
    // Room for the first blocks of a step, not for all of them.
    try #require(ftruncate(file, lseek(file, 0, SEEK_END) - 200_000) == 0)
    let day = Entry.midnight.day
    func expire() throws {
      while try log.expire(before: day, shorter: [Entry.project(2): day + 1]) {}
    }
    #expect(throws: StoreError.full) { try expire() }
    try log.mergeAll(at: 900_000)
    let kept = expected(entries.filter { $0.project == 1 }, Self.owner)
    try #expect(Set(kept).isSubset(of: log.ids(Self.owner, limit: 1_000)))
    try #require(unlink(filler) == 0 && ftruncate(file, 0) == 0)
    try expire()
    try log.mergeAll(at: 900_000)
    let isWhole = try log.ids(Self.owner, limit: 1_000) == kept
    #expect(isWhole)
  }

  /// A page may look at a run while it is merged into another: its bytes must stay till then.
  @Test("a page that is being read keeps the room of what it reads")
  func reading() async throws {
    try await Self.withFolder { path in
      let turns = ReadTurns()
      let keeper = RecordKeeper(
        FileDays(folder: path, role: .writer, turns: turns), writer: 1)
      defer { keeper.close() }
      let entries = (0..<640).map { Entry($0) }
      for start in stride(from: 0, to: 640, by: 20) {
        let batch = entries[start..<start + 20].flatMap(\.packed)
        _ = batch.withUnsafeBytes { keeper.append($0, durable: false) }
      }
      let late = Entry.midnight.adding(seconds: 900_000)
      let reader = RecordReader(FileDays(folder: path, role: .reader, turns: turns))
      defer { reader.close() }
      let query = RecordQuery(owner: Self.owner, filter: RecordFilter(), limit: 1_000)
      let before = try Self.diskBytes(Self.blocks(path))
      let bytes = try turns.read { () throws(StoreError) in
        while try keeper.merge(now: late) {}
        return try? Data(contentsOf: Self.blocks(path))
      }
      // Both what was merged and what it was merged into.
      let packed = entries.flatMap(\.packed)
      let fresh = try #require(bytes?.prefix(packed.count))
      let isThere = Data(packed) == fresh
      #expect(isThere)
      while try keeper.merge(now: late) {}
      try #expect(Self.diskBytes(Self.blocks(path)) < before + 16_384)
      try #expect(reader.page(query).records.map(\.id) == expected(entries, Self.owner))
    }
  }

  @Test("pages have no gaps while the runs they read are merged")
  func noGaps() async throws {
    try await Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      let appended = Atomic(0)
      let isWritten = Atomic(false)
      let failure = Mutex<(any Error)?>(nil)
      // A thread of its own: whoever reads in a loop holds one of the pool's few.
      Thread.detachNewThread {
        do {
          for round in 0..<400 {
            log.append((0..<50).map { Entry(round * 50 + $0) })
            appended.store((round + 1) * 50, ordering: .releasing)
            try log.mergeAll()
          }
        } catch {
          failure.withLock { $0 = error }
        }
        isWritten.store(true, ordering: .releasing)
      }
      var reads = 0
      while !isWritten.load(ordering: .acquiring) {
        let least = appended.load(ordering: .acquiring)
        let found = try log.ids(Self.owner, limit: 1_000)
        // Newest first: from the newest it saw down to the first, none is missing.
        #expect(found.count >= least)
        let isWhole = found == (0..<found.count).reversed().map { Entry($0).id }
        #expect(isWhole)
        reads += 1
      }
      if let error = failure.withLock({ $0 }) { throw error }
      #expect(reads > 5)
    }
  }

  @Test("bytes that power took away cost their records and nothing else", arguments: [300, 9_000])
  func tornBlocks(cut: Int) async throws {
    try await Self.withFolder { path in
      let first = try RecordLog(.folder(path: path), writer: 1)
      let entries = (0..<400).map { Entry($0) }
      for start in stride(from: 0, to: 400, by: 10) {
        first.append(Array(entries[start..<start + 10]))
      }
      first.close()
      let size = try Data(contentsOf: Self.blocks(path)).count
      #expect(truncate(Self.blocks(path).path, size - cut) == 0)
      let log = try RecordLog(.folder(path: path), writer: 2)
      defer { log.close() }
      let lost = 1 + cut / Entry(1).packed.count
      let left = Array(expected(Array(entries.dropLast(lost)), Self.owner))
      try #expect(log.ids(Self.owner) == left)
      #expect(log.append([Entry(900)]) == 1)
      try log.mergeAll(at: 900_000)
      try #expect(log.ids(Self.owner) == [Entry(900).id] + left)
      #expect(log.counts.failure == nil)
    }
  }

  @Test("a large day is dropped in steps, and asked for its pages meanwhile")
  func steps() async throws {
    try await Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      log.append((0..<500).map { Entry($0) } + [Entry(900, at: 90_000)])
      try log.mergeAll(at: 900_000)
      // Sparse: it takes no room.
      #expect(truncate(Self.blocks(path).path, 300 << 20) == 0)
      var steps = 0
      while try log.expire(before: Entry.midnight.day + 1, shorter: [:]) {
        steps += 1
        try #expect(log.ids(Self.owner).first == Entry(900, at: 90_000).id)
      }
      #expect(steps == 4)
      try #expect(log.ids(Self.owner) == [Entry(900, at: 90_000).id])
      #expect(!FileManager.default.fileExists(atPath: Self.blocks(path).path))
    }
  }

  @Test("a day whose blocks are in its index is read, goes on, is merged and dropped")
  func earlierBuild() async throws {
    try await Self.withFolder { path in
      let day = Entry.midnight.day
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let connection = try SQLiteConnection(
        path: path + "/2025-06-16.db", role: .writer, contents: .records)
      let blocks = TableBlocks(connection, day: day)
      try connection.inTransaction(.write) { () throws(StoreError) in
        try blocks.create()
        try DayTables(connection, blocks, day: day).create()
      }
      connection.close()
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      let entries = (0..<1_000).map { Entry($0) }
      for start in stride(from: 0, to: 1_000, by: 20) {
        log.append(Array(entries[start..<start + 20]))
      }
      try #expect(log.ids(Self.owner) == expected(entries, Self.owner))
      try log.mergeAll(at: 900_000)
      try #expect(log.ids(Self.owner) == expected(entries, Self.owner))
      #expect(!FileManager.default.fileExists(atPath: Self.blocks(path).path))
      let days = FileDays(folder: path, role: .reader, turns: ReadTurns())
      defer { days.closeAll() }
      let reader = try #require(try days.open(day)).connection
      var left: [Int64] = []
      for table in [TableBlocks.table(day), "record_blocks_\(day)"] {
        try reader.run("SELECT count(*) FROM \(table)", []) { (row: any Row) throws(StoreError) in
          left.append(try row.integer(0))
        }
      }
      #expect(left.count == 2 && left[0] > 0 && left[0] == left[1])
      log.append([Entry(9_000, at: 90_000)])
      _ = try log.expire(before: day + 1, shorter: [:])
      try #expect(
        FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("2025-06-16") }
          == [])
    }
  }
}
