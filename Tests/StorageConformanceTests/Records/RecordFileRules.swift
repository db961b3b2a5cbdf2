// What only the files of the request log need watching for: kill -9, full and read-only disks,
// unlinked days, and that one connection writes.
import CSQLite
import Foundation
import KeyModel
import Testing

@testable import Storage

@Suite struct RecordFileRules {
  private static let owner = RecordOwner.account(Entry.account(1))

  private static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try body(folder.path + "/records")
  }

  private static func files(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test("there is a file a day, for this user alone, and dropping a day unlinks it")
  func files() throws {
    try Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      log.append((0..<3).map { Entry($0, at: Int64($0) * 86_400) })
      let names = try Self.files(path)
      #expect(
        names.filter { $0.hasSuffix(".db") } == ["2025-06-16.db", "2025-06-17.db", "2025-06-18.db"])
      for name in names {
        let mode = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[
          .posixPermissions]
        #expect(mode as? Int == 0o600)
      }
      try #expect(log.ids(Self.owner).count == 3)
      _ = try log.expire(before: Entry.midnight.day + 2, shorter: [:])
      try #expect(Self.files(path).filter { !$0.hasPrefix("2025-06-18.") } == [])
      try #expect(log.ids(Self.owner).count == 1)
      let open = try Self.files("/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }
      #expect(!open.contains { $0.hasPrefix(path) && $0.contains("(deleted)") })
    }
  }

  /// The state that kill -9 leaves, as a copy of the files while the log is open.
  @Test("what was appended is in the files at that moment, whatever a merge is doing")
  func kill() throws {
    try Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      var source = EntrySource(seed: 11)
      var entries: [Entry] = []
      for round in 0..<90 {
        let batch = (0..<30).map { source.entry(entries.count + $0, accounts: 2, spread: 1) }
        entries += batch
        log.append(batch)
        _ = try log.merge(now: Entry.midnight)
        guard round % 10 == 9 else { continue }
        let copy = path + "-\(round)"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let after = try RecordLog(.folder(path: copy), writer: 2)
        try #expect(after.ids(Self.owner) == expected(entries, Self.owner))
        while try after.merge(now: Entry.midnight.adding(seconds: 900_000)) {}
        try #expect(after.ids(Self.owner) == expected(entries, Self.owner))
        after.close()
      }
    }
  }

  @Test("a torn log costs its last batches and nothing else", arguments: [1, 5_000, 8_000])
  func tornTail(cut: Int) throws {
    try Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      let entries = (0..<400).map { Entry($0) }
      for start in stride(from: 0, to: 400, by: 10) {
        log.append(Array(entries[start..<start + 10]), durable: true)
      }
      let copy = path + "-copy"
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let wal = copy + "/2025-06-16.db-wal"
      let size = try #require(
        FileManager.default.attributesOfItem(atPath: wal)[.size] as? Int)
      #expect(truncate(wal, size - cut) == 0)
      let after = try RecordLog(.folder(path: copy), writer: 2)
      defer { after.close() }
      let found = try after.ids(Self.owner)
      #expect(found.count < 400 && found.count >= 380)
      #expect(found == Array(expected(entries, Self.owner).suffix(found.count)))
      #expect(after.append([Entry(900)]) == 1)
      try #expect(after.ids(Self.owner).first == Entry(900).id)
    }
  }

  @Test("a full disk drops and counts records, keeps what is there, and recovers by itself")
  func fullDisk() throws {
    let disk = try SmallDisk(size: "2m")
    defer { disk.remove() }
    let log = try RecordLog(.folder(path: disk.path + "/records"), writer: 1)
    defer { log.close() }
    var (stored, number) = (0, 0)
    while log.counts.dropped == 0, number < 100_000 {
      stored += log.append((0..<200).map { Entry(number + $0) })
      number += 200
      _ = try? log.merge(now: Entry.midnight)
    }
    #expect(log.counts.dropped > 0 && log.counts.failure == .full)
    try #expect(log.ids(Self.owner, limit: 200).count == stored)
    try disk.resize("20m")
    #expect(log.append([Entry(number)]) == 1)
    #expect(log.counts.failure == nil)
    try log.mergeAll(at: 900_000)
    try #expect(log.ids(Self.owner, limit: 200).count == stored + 1)
  }

  @Test("a disk that turned read-only drops and counts records")
  func readOnly() throws {
    let disk = try SmallDisk(size: "4m")
    defer { disk.remove() }
    let log = try RecordLog(.folder(path: disk.path + "/records"), writer: 1)
    #expect(log.append([Entry(1)]) == 1)
    log.close()
    try disk.makeReadOnly()
    let second = try RecordLog(.folder(path: disk.path + "/records"), writer: 2)
    defer { second.close() }
    #expect(second.append([Entry(2)]) == 0)
    #expect(second.counts.dropped == 1 && second.counts.failure == .readOnly)
  }

  @Test("one connection writes and checkpoints, and keeps a file's log short")
  func oneWriter() throws {
    try Self.withFolder { path in
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      for round in 0..<100 {
        log.append((0..<1_000).map { Entry(round * 1_000 + $0, at: Int64($0)) })
        while try log.merge(now: Entry.midnight) {}
        if round % 10 == 0 { _ = try log.page(RecordQuery(owner: Self.owner)) }
      }
      let size = try FileManager.default.attributesOfItem(atPath: path + "/2025-06-16.db-wal")[
        .size]
      #expect((size as? Int ?? .max) < 40_000_000)
      let reader = try #require(
        try FileDays(folder: path, role: .reader, turns: ReadTurns()).open(Entry.midnight.day)
      ).connection
      for (setting, want) in [("wal_autocheckpoint", 0), ("query_only", 1)] as [(String, Int64)] {
        try reader.run("PRAGMA \(setting)", []) { (row: any Row) throws(StoreError) in
          try #expect(row.integer(0) == want)
        }
      }
      var verdict = ""
      try reader.run("PRAGMA integrity_check", []) { (row: any Row) throws(StoreError) in
        verdict = try row.text(0)
      }
      #expect(verdict == "ok")
      reader.close()
    }
  }

  @Test("files that are not the log's are left alone")
  func strangers() throws {
    try Self.withFolder { path in
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in ["notes.txt", "2025-13-01.db", "x.db", "2025-01-01.db.new"] {
        try Data("x".utf8).write(to: URL(filePath: "\(path)/\(name)"))
      }
      let log = try RecordLog(.folder(path: path), writer: 1)
      defer { log.close() }
      #expect(log.append([Entry(1)]) == 1)
      try log.mergeAll(at: 900_000)
      _ = try log.expire(before: Entry.midnight.day + 9, shorter: [:])
      try #expect(Self.files(path) == ["2025-01-01.db.new", "2025-13-01.db", "notes.txt", "x.db"])
    }
  }

  @Test("a day's file that is damaged is told, and the other days still take records")
  func damagedFile() throws {
    try Self.withFolder { path in
      let first = try RecordLog(.folder(path: path), writer: 1)
      first.append([Entry(1)])
      first.close()
      try Data(repeating: 0x41, count: 50_000).write(to: URL(filePath: path + "/2025-06-16.db"))
      let log = try RecordLog(.folder(path: path), writer: 2)
      defer { log.close() }
      #expect(log.append([Entry(2)]) == 0)
      #expect(log.append([Entry(3, at: 90_000)]) == 1)
      #expect(throws: StoreError.self) { _ = try log.ids(Self.owner) }
      _ = try log.expire(before: Entry.midnight.day + 1, shorter: [:])
      try #expect(log.ids(Self.owner).count == 1)
    }
  }
}
