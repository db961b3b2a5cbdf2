// The revocation journal: what it keeps, what a crash may cut off, and what it refuses.
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

  @Test("Only ends are kept, each once, and they are there after opening anew")
  func keeps() throws {
    let changes: [RecordChange] = [
      .key(key(1, revoked: true)), .key(key(2, revoked: false, [version(9, .active)])),
      .key(key(3, revoked: false, [version(7, .retiring, until: 50), version(8, .retired)])),
      .operatorKeyRemoved(OperatorKeyID(bits: 4)), .accountRemoved(AccountID(bits: 5)),
      .projectRemoved(ProjectID(bits: 6)), .keyRemoved(KeyID(bits: 1)),
    ]
    let expected: Set<Ending> = [
      .key(KeyID(bits: 1)), .operatorKey(OperatorKeyID(bits: 4)), .account(AccountID(bits: 5)),
      .project(ProjectID(bits: 6)),
      .version(VersionID(bits: 7), of: KeyID(bits: 3), until: Timestamp(seconds: 50)),
      .version(VersionID(bits: 8), of: KeyID(bits: 3), until: Timestamp(seconds: 0)),
    ]
    do {
      let journal = try RevocationJournal(path, create: true)
      try journal.note(changes)
      try journal.note(changes)
      #expect(journal.endings == expected)
    }
    #expect(try RevocationJournal(path, create: false).endings == expected)
    let lines = try String(decoding: Files.read(path), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == expected.count)
  }

  @Test("A line that a crash cut off is passed over and written over")
  func torn() throws {
    try RevocationJournal(path, create: true).note([.key(key(1, revoked: true))])
    let whole = try Files.read(path)
    let descriptor = open(path, O_WRONLY | O_APPEND)
    try Files.writeAll(descriptor, Array(whole.prefix(20)), path: path)
    close(descriptor)
    let journal = try RevocationJournal(path, create: false)
    #expect(journal.endings == [.key(KeyID(bits: 1))])
    try journal.note([.key(key(2, revoked: true))])
    #expect(try RevocationJournal(path, create: false).endings.count == 2)
  }

  @Test("A changed line is told, with its number")
  func damaged() throws {
    let journal = try RevocationJournal(path, create: true)
    try journal.note([.key(key(1, revoked: true)), .key(key(2, revoked: true))])
    var bytes = try Files.read(path)
    bytes[bytes.count - 30] ^= 1
    try folder.write(String(decoding: bytes, as: UTF8.self), to: "revocations.journal")
    #expect(throws: JournalError.damaged(path: path, line: 2)) {
      try RevocationJournal(path, create: false)
    }
  }

  @Test("A missing journal is not made where that was not asked for")
  func missing() {
    #expect(throws: JournalError.missing(path)) { try RevocationJournal(path, create: false) }
    #expect(!Files.exists(path))
  }
}
