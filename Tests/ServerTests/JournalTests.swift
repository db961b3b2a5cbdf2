// The revocation journal: what it keeps, what a crash may cut off, and what it refuses.
import Crypto
import Glibc
import KeyModel
import Testing

@testable import Server

@Suite("The revocation journal")
struct JournalTests {
  let folder: TemporaryFolder
  var path: String { folder.file("revocations.journal") }
  init() throws { folder = try TemporaryFolder() }

  private func key(_ bits: UInt128, revoked: Bool, _ versions: [VersionRecord] = []) -> KeyRecord {
    KeyRecord(
      id: KeyID(bits: bits), projectID: ProjectID(bits: 1), accountID: AccountID(bits: 1),
      applicationID: ApplicationID(bits: 1), environment: "production", revoked: revoked,
      versions: versions)
  }

  private func version(_ bits: UInt128, _ state: VersionState, until: Int64? = nil) -> VersionRecord
  {
    VersionRecord(
      id: VersionID(bits: bits), lookup: Lookup(words: (1, 2, 3, 4)), state: state,
      acceptedFrom: Timestamp(seconds: 0), acceptedUntil: until.map { Timestamp(seconds: $0) })
  }

  private func create() throws -> RevocationJournal {
    try .create(path, from: FeedPlace(epoch: 0, position: 7), entropy: SystemEntropy())
  }

  private func restraints() throws -> [Restraint] {
    try RevocationJournal(path).text().restraints()
  }

  @Test("Only ends are kept, each once, and they are there after opening anew")
  func keeps() throws {
    let changes: [RecordChange] = [
      .key(key(1, revoked: true)), .key(key(2, revoked: false, [version(9, .active)])),
      .key(key(3, revoked: false, [version(7, .retiring, until: 50), version(8, .retired)])),
      .operatorKeyRemoved(OperatorKeyID(bits: 4)), .accountRemoved(AccountID(bits: 5)),
      .projectRemoved(ProjectID(bits: 6)), .keyRemoved(KeyID(bits: 1)),
    ]
    let expected: [Ending] = [
      .key(KeyID(bits: 1)),
      .version(VersionID(bits: 7), of: KeyID(bits: 3), until: Timestamp(seconds: 50)),
      .version(VersionID(bits: 8), of: KeyID(bits: 3), until: Timestamp(seconds: 0)),
      .operatorKey(OperatorKeyID(bits: 4)), .account(AccountID(bits: 5)),
      .project(ProjectID(bits: 6)),
    ]
    do {
      let journal = try create()
      try journal.note(changes)
      try journal.note(changes)
      #expect(journal.counts.lines == expected.count + 2)
    }
    let text = try RevocationJournal(path).text()
    #expect(text.restraints() == expected.map { .ending($0) })
    #expect(text.from == FeedPlace(epoch: 0, position: 7))
    try RevocationJournal(path).note(changes)
    #expect(try restraints().count == expected.count)
  }

  @Test("What was narrowed is kept as its last word; keys as they were made are not in it")
  func narrowed() throws {
    let journal = try create()
    var record = key(1, revoked: false)
    record.expiresAt = Timestamp(seconds: 90)
    try journal.note([.key(record)])
    #expect(try restraints().isEmpty)
    record.isChanged = true
    record.access = .readOnly
    record.routes = [
      RoutePattern(method: "GET", path: "/v1/*"), RoutePattern(method: "*", path: "/x"),
    ]
    let narrow = KeyBounds(record)
    try journal.note([.key(record), .key(record)])
    (record.access, record.routes, record.expiresAt) = (.full, [], nil)
    try journal.note([.key(record)])
    func account(_ bits: UInt128, suspended: Bool) -> RecordChange {
      .account(
        AccountRecord(
          id: AccountID(bits: bits), projectID: ProjectID(bits: 1), clientID: "c", username: "u",
          brands: [], suspended: suspended))
    }
    try journal.note([
      account(5, suspended: false), account(6, suspended: true), account(6, suspended: false),
    ])
    #expect(
      try restraints() == [
        .key(KeyID(bits: 1), narrow), .key(KeyID(bits: 1), .none),
        .account(AccountID(bits: 6), suspended: true),
        .account(AccountID(bits: 6), suspended: false),
      ])
  }

  @Test("A line that a crash cut off is passed over and written over")
  func torn() throws {
    try create().note([.key(key(1, revoked: true))])
    let whole = try Files.read(path)
    let descriptor = open(path, O_WRONLY | O_APPEND)
    try Files.writeAll(descriptor, Array(whole.prefix(20)), path: path)
    close(descriptor)
    let journal = try RevocationJournal(path)
    #expect(try journal.text().restraints() == [.ending(.key(KeyID(bits: 1)))])
    try journal.note([.key(key(2, revoked: true))])
    #expect(try restraints().count == 2)
  }

  @Test("A line that was changed, left out or moved is told, with its number")
  func damaged() throws {
    let bits: [UInt128] = [1, 2, 3]
    try create().note(bits.map { RecordChange.key(key($0, revoked: true)) })
    let whole = try String(decoding: Files.read(path), as: UTF8.self)
    let lines = whole.split(separator: "\n").map { $0 + "\n" }
    var changed = Array(whole.utf8)
    changed[changed.count - lines[4].utf8.count - 40] ^= 1
    let cases: [(text: String, line: Int)] = [
      (String(decoding: changed, as: UTF8.self), 4),
      ((lines[0...2] + lines[4...]).joined(), 4),
      ((lines[0...2] + [lines[4], lines[3]]).joined(), 4),
      (lines.dropFirst().joined(), 1), ((lines + [lines[0]]).joined(), 6),
    ]
    for (text, line) in cases {
      try folder.write(text, to: "revocations.journal")
      #expect(throws: JournalError.damaged(path: path, line: line)) { try RevocationJournal(path) }
    }
  }

  @Test("A missing journal is not made where that was not asked for, and an empty one is none")
  func missing() throws {
    #expect(throws: JournalError.missing(path)) { try RevocationJournal(path) }
    #expect(!Files.exists(path))
    try folder.write("", to: "revocations.journal")
    #expect(throws: JournalError.emptied(path)) { try RevocationJournal(path) }
  }
}
