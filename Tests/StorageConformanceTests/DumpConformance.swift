// A dump holds everything, moves between engines, and a damaged one changes nothing.
import Foundation
import KeyModel
import Testing

@testable import Storage

@Suite struct DumpConformance {
  @Test("a dump restored into either engine dumps to the same bytes", arguments: Backend.allCases)
  func roundTrip(_ backend: Backend) async throws {
    try await Self.withFolder { folder in
      try await backend.withStore { store in
        try await Self.fill(store)
        let rows = try await store.dump(toFile: folder + "/first")
        #expect(rows == 24)
      }
      for other in Backend.allCases {
        try await other.withStore { store in
          try await #expect(store.restore(fromFile: folder + "/first") == 24)
          let copy = folder + "/" + other.rawValue
          try await store.dump(toFile: copy)
          #expect(try Data(contentsOf: URL(filePath: copy)) == Self.contents(folder + "/first"))
          let expected = Sample.key(11)
          try await #expect(store.read { try $0.keys.find(expected.id) } == expected)
          // The feed goes on where it stood.
          try await #expect(store.write { try $0.changes.append(.key(expected.id)) } == 2)
        }
      }
    }
  }

  @Test("a cut or changed dump restores nothing", arguments: Backend.allCases)
  func damage(_ backend: Backend) async throws {
    try await Self.withFolder { folder in
      try await Backend.sqliteMemory.withStore { store in
        try await Self.fill(store)
        try await store.dump(toFile: folder + "/whole")
      }
      let whole = try Self.contents(folder + "/whole")
      let lines = whole.split(separator: UInt8(ascii: "\n"))
      func joined(_ lines: [Data]) -> Data { Data(lines.joined(separator: [10])) + [10] }
      var swapped = lines
      swapped.swapAt(2, 3)
      let text = String(decoding: whole, as: UTF8.self)
      let schema = Int64(Migration.all.count)
      let damaged: [(Data, DumpError)] = [
        (Data(), .notADump),
        (Data("{}\n".utf8), .notADump),
        (whole.dropLast(1), .damaged),
        (joined(lines.dropLast()), .damaged),
        (whole + lines[2] + [10], .damaged),
        (whole + [0x41], .damaged),
        (whole + Data(repeating: 0, count: 64), .damaged),
        (Data(text.replacing("project-1", with: "project-2").utf8), .damaged),
        (
          Data(text.replacing("\"schema\":", with: "\"schema\":9").utf8),
          .otherSchema(found: Int64("9\(schema)") ?? 0, known: schema)
        ),
        (
          Data(text.replacing("\"table\":\"keys\"", with: "\"table\":\"schema\"").utf8),
          .malformed(line: 10)
        ),
        (Data(text.replacing("\"slug\",", with: "\"slug--\",").utf8), .malformed(line: 2)),
      ]
      try await backend.withStore { store in
        for (index, (bytes, error)) in damaged.enumerated() {
          let path = folder + "/\(index)"
          try bytes.write(to: URL(filePath: path))
          await #expect(throws: error, "case \(index)") { try await store.restore(fromFile: path) }
        }
        try await #expect(store.read { try $0.projects.count() } == 0)
        try await store.restore(fromFile: folder + "/whole")
        await #expect(throws: DumpError.notEmpty) {
          try await store.restore(fromFile: folder + "/whole")
        }
      }
    }
  }

  @Test("a dump never overwrites a file and leaves none behind that is not whole")
  func files() async throws {
    try await Self.withFolder { folder in
      try await Backend.sqliteFile.withStore { store in
        try await store.dump(toFile: folder + "/a")
        await #expect(throws: DumpError.file(errno: EEXIST)) {
          try await store.dump(toFile: folder + "/a")
        }
        await #expect(throws: DumpError.file(errno: ENOENT)) {
          try await store.restore(fromFile: folder + "/none")
        }
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/a")[
          .posixPermissions]
        #expect(mode as? Int == 0o600)
        store.close()
        await #expect(throws: StoreError.closed) { try await store.dump(toFile: folder + "/b") }
        #expect(!FileManager.default.fileExists(atPath: folder + "/b"))
      }
    }
  }

  private static func contents(_ path: String) throws -> Data {
    try Data(contentsOf: URL(filePath: path))
  }

  private static func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await body(folder.path)
  }

  /// At least one row of every table: 24 in all, with the feed's own.
  private static func fill(_ store: Store) async throws {
    try await store.addTenant()
    try await store.write { tx in
      try tx.members.insert(Sample.member(4))
      try tx.keys.insert(Sample.key(10))
      try tx.keys.insert(Sample.key(11))
      try tx.webhooks.insert(Sample.webhook(20))
      try tx.events.insert(Sample.event(21), body: [0x7B, 0x7D])
      try tx.deliveries.insert([Sample.delivery(22, of: 21, to: 20)])
      try tx.mails.insert([Sample.mail(23)])
      #expect(try tx.leaks.insert(Sample.leak(of: 10)))
      #expect(try tx.batchMarks.begin(1, by: [7], at: Sample.now))
      try tx.usage.add([
        VersionUsage(
          keyID: Sample.id(10), versionID: Sample.id(10), lastUsedAt: Sample.now, calls: 3)
      ])
      try tx.operatorKeys.insert(
        OperatorKey(
          id: Sample.id(3), lookup: Sample.lookup(3), pepperID: 1, hint: "", scopes: ["a\n\u{1}"],
          createdAt: Sample.now))
      try tx.audit.append(ControlConformance.entry(1))
      try tx.audit.append(ControlConformance.entry(2, account: Sample.id(1)))
      _ = try tx.idempotency.insertIfAbsent(
        IdempotencyMarker(
          principal: "p", route: "r", key: "k", fingerprint: [1], body: "\"\\é",
          sealedSecret: [], createdAt: Sample.now, expiresAt: Sample.now))
      try tx.keyring.insert(
        WrappedKey(
          id: 1, purpose: WrappedKey.pepper, masterKeyID: "m", wrapped: [0, 255],
          createdAt: Sample.now))
      try tx.meta.set("a", "b")
      try tx.changes.append(.key(Sample.id(10)))
    }
  }
}
