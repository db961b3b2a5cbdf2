// The keyring opens only with its master key, only unchanged, and moves to a new master key in
// steps that may be broken off.
import KeyModel
import Testing

@testable import Crypto

@Suite struct KeyringTests {
  let entropy = SeededEntropy(seed: 1)
  let now = Timestamp(seconds: 1_700_000_000)
  let token = Secret("tw_sk_0123456789abcdef")

  private func foundation() -> (MasterKeys, [WrappedKey]) {
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    return (
      keys, Keyring.foundation(masterKeys: keys, firstID: 1, now: now, entropy: entropy)
    )
  }

  @Test("a keyring made from its rows gives the same look-up values and assertion keys again")
  func stable() throws {
    let (keys, rows) = foundation()
    let one = try Keyring(masterKeys: keys, rows: rows)
    let two = try Keyring(masterKeys: keys, rows: rows.reversed())
    let project = ProjectID(bits: 5)
    #expect(one.lookups(of: token) == two.lookups(of: token))
    #expect(one.assertionKey(for: project) == two.assertionKey(for: project))
    #expect(one.assertionKey(for: project) != one.assertionKey(for: ProjectID(bits: 6)))
    #expect(one.assertionKey(for: project).count == 32)
    #expect(one.newestPepper.pepperID == 2)
  }

  @Test("a wrong master key is told with the expected and the given id")
  func wrongKey() {
    let (keys, rows) = foundation()
    let other = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    let error = #expect(throws: KeyringError.self) {
      try Keyring(masterKeys: other, rows: rows)
    }
    #expect(
      error == .wrongMasterKey(expected: keys.newest.id, given: [other.newest.id]))
    #expect("\(error!)".contains(keys.newest.id))
    #expect("\(error!)".contains(other.newest.id))
  }

  @Test("no rows, or rows without pepper, are no keyring")
  func empty() {
    let (keys, rows) = foundation()
    #expect(throws: KeyringError.empty) { try Keyring(masterKeys: keys, rows: []) }
    #expect(throws: KeyringError.empty) {
      try Keyring(masterKeys: keys, rows: rows.filter { $0.purpose != WrappedKey.pepper })
    }
  }

  @Test("changing any field or byte of a row makes it fail")
  func everyFieldCounts() throws {
    let (keys, rows) = foundation()
    let keyring = try Keyring(masterKeys: keys, rows: rows)
    let row = keyring.newDataKey(
      id: 9, for: AccountID(bits: 7), now: now, entropy: entropy)
    _ = try keyring.dataKey(row)
    let changes: [(inout WrappedKey) -> Void] = [
      { $0.id = 10 }, { $0.accountID = AccountID(bits: 8) }, { $0.accountID = nil },
      { $0.createdAt = Timestamp(seconds: 1) }, { $0.purpose = WrappedKey.pepper },
      { $0.wrapped.removeLast() }, { $0.wrapped = [] }, { $0.masterKeyID = "0" },
      { $0.wrapped = rows[1].wrapped },
    ]
    for change in changes {
      var changed = row
      change(&changed)
      #expect(throws: KeyringError.self) { try keyring.dataKey(changed) }
    }
    for at in row.wrapped.indices {
      var changed = row
      changed.wrapped[at] ^= 0x80
      #expect(throws: KeyringError.damaged(9)) { try keyring.dataKey(changed) }
    }
  }

  @Test("with two peppers new look-ups use the newer and both are tried; a third is refused")
  func peppers() throws {
    let (keys, rows) = foundation()
    let first = try Keyring(masterKeys: keys, rows: rows)
    let second = try first.nextPepper(id: 8, now: now, entropy: entropy)
    let both = try Keyring(masterKeys: keys, rows: rows + [second])
    #expect(both.peppers.map(\.pepperID) == [8, 2])
    #expect(both.lookups(of: token)[1] == first.lookups(of: token)[0])
    #expect(both.lookups(of: token)[0] != both.lookups(of: token)[1])
    #expect(throws: KeyringError.tooManyPeppers) {
      try both.nextPepper(id: 9, now: now, entropy: entropy)
    }
    var retired = rows
    retired[1].retiredAt = now
    let after = try Keyring(masterKeys: keys, rows: retired + [second])
    #expect(after.peppers.map(\.pepperID) == [8])
  }

  @Test("master key rotation moves every row, batch by batch, and hashes stay as they are")
  func rotation() throws {
    let (oldKeys, foundation) = foundation()
    let keyring = try Keyring(masterKeys: oldKeys, rows: foundation)
    var rows =
      foundation
      + (10..<20).map {
        keyring.newDataKey(
          id: $0, for: AccountID(bits: UInt128($0)), now: now, entropy: entropy)
      }
    let context = SealContext(
      table: "t", column: "c", row: "r", account: AccountID(bits: 10), purpose: "p")
    let record = Sealer.seal(
      token, under: try keyring.dataKey(rows[3]), at: context, entropy: entropy)
    let keys = oldKeys.adding(MasterKey(entropy: entropy))
    // Half of it, then a crash: both keys are needed and both are there.
    for row in try Keyring.rewrap(Array(rows.prefix(6)), masterKeys: keys, entropy: entropy) {
      rows[rows.firstIndex { $0.id == row.id }!] = row
    }
    _ = try Keyring(masterKeys: keys, rows: rows)
    let rest = try Keyring.rewrap(rows, masterKeys: keys, entropy: entropy)
    #expect(rest.count == rows.count - 6)
    for row in rest { rows[rows.firstIndex { $0.id == row.id }!] = row }
    #expect(try Keyring.rewrap(rows, masterKeys: keys, entropy: entropy).isEmpty)
    let newOnly = MasterKeys(oldestFirst: keys.newest)
    let after = try Keyring(masterKeys: newOnly, rows: rows)
    #expect(after.lookups(of: token) == keyring.lookups(of: token))
    let opened = try Sealer.open(record, under: try after.dataKey(rows[3]), at: context)
    #expect(opened == token)
    #expect(throws: KeyringError.self) { try Keyring(masterKeys: oldKeys, rows: rows) }
  }
}
