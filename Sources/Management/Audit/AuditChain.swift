// The tamper-evident chain of audit entries: each hash covers the one before and every field of its
// row. The key comes from the keyring, so that who can only write to the database cannot forge it.
internal import Crypto
package import KeyModel
package import Storage

package struct AuditChain: Sendable {
  /// Where the chain stands is also kept apart from it, so that a cut-off end is noticed.
  static let headName = "audit_head"
  static let genesis = [UInt8](repeating: 0, count: 32)

  private let key: Secret

  /// - Parameter key: 32 bytes.
  package init(key: [UInt8]) { self.key = Secret(key) }

  func append(
    _ notes: [AuditNote], actor: String, at now: Timestamp, entropy: any Entropy,
    to tx: Transaction
  ) throws {
    guard !notes.isEmpty else { return }
    let last = try tx.audit.tip()
    var sequence = last?.sequence ?? 0
    var previous = last?.hash ?? Self.genesis
    for note in notes {
      sequence += 1
      var entry = AuditEntry(
        id: entropy.newID(now), sequence: sequence, at: now, actor: actor, action: note.action,
        projectID: note.projectID, accountID: note.accountID, subject: note.subject,
        detail: JSONWriter.compactText(.object(note.detail)), previousHash: previous, hash: [])
      entry.hash = hash(of: entry)
      previous = entry.hash
      try tx.audit.append(entry)
    }
    try tx.meta.set(Self.headName, Self.head(sequence, previous))
  }

  /// Length-prefixed fields, so that no two rows have the same bytes.
  func hash(of entry: AuditEntry) -> [UInt8] {
    var row = entry.previousHash
    row.reserveCapacity(512)
    func add(_ text: String) {
      var text = text
      text.withUTF8 { bytes in
        withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { row.append(contentsOf: $0) }
        row.append(contentsOf: bytes)
      }
    }
    add(entry.id.description)
    add(String(entry.sequence))
    add(String(entry.at.microseconds))
    add(entry.actor)
    add(entry.action)
    add(entry.projectID?.description ?? "")
    add(entry.accountID?.description ?? "")
    add(entry.subject)
    add(entry.detail)
    return row.withUnsafeBytes { row in key.withBytes { BLAKE2b.digest(of: row, key: $0) } }
  }

  static func head(_ sequence: Int64, _ hash: [UInt8]) -> String {
    "\(sequence):\(Hex.encode(hash))"
  }
}

/// What a walk over the whole chain found.
package enum AuditVerdict: Sendable, Hashable {
  /// How many entries there are, and the hash of the last one.
  case intact(entries: Int64, head: String)
  /// The first entry that does not fit; its id is nil where it is missing.
  case broken(sequence: Int64, id: AuditID?, reason: String)
}

extension AuditChain {
  package func verify(_ tx: Transaction) throws -> AuditVerdict {
    var expected: Int64 = 1
    var previous = Self.genesis
    var finding: AuditVerdict?
    try tx.audit.forEach(after: 0) { entry in
      guard finding == nil else { return }
      finding = flaw(entry, expected: expected, previous: previous)
      expected += 1
      previous = entry.hash
    }
    if let finding { return finding }
    let head = Self.head(expected - 1, previous)
    guard try tx.meta.find(Self.headName) ?? Self.head(0, Self.genesis) == head else {
      return .broken(
        sequence: expected, id: nil, reason: "entries are missing at the end of the chain")
    }
    return .intact(entries: expected - 1, head: Hex.encode(previous))
  }

  private func flaw(
    _ entry: AuditEntry, expected: Int64, previous: [UInt8]
  ) -> AuditVerdict? {
    guard entry.sequence == expected else {
      return .broken(sequence: expected, id: nil, reason: "the entry is missing")
    }
    guard entry.previousHash == previous else {
      return .broken(
        sequence: expected, id: entry.id, reason: "it does not follow the entry before it")
    }
    guard hash(of: entry) == entry.hash else {
      return .broken(sequence: expected, id: entry.id, reason: "the entry was edited")
    }
    return nil
  }
}
