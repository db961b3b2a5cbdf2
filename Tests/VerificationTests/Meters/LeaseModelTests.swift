// Leases against a list of them: whatever is lent, renewed, ended or forgotten, the slots in use
// are those of the leases in force.
import KeyModel
import Testing

@testable import Verification

@Suite("Leases")
struct LeaseModelTests {
  private static let second: Int64 = 1_000_000_000
  private let slots = Slots(entropy: FixedEntropy())
  private let leases = Leases()
  private let mine = ProjectID(bits: 1)

  private func moment(_ seconds: Int64) -> LeaseMoment {
    LeaseMoment(
      wall: Timestamp(seconds: 1_800_000_000 + seconds), monotonic: seconds * Self.second)
  }

  private func lend(_ subject: UInt128, _ seconds: Int64, at now: Int64, _ random: UInt128)
    -> Lease?
  {
    var used: Int64 = 0
    guard let slot = slots.take(subject, max: 1_000_000, used: &used) else { return nil }
    return leases.lend(
      slot, of: subject, project: mine, seconds: seconds, at: moment(now), random: random << 6)
  }

  @Test("in any order of lending, renewing and ending, slots follow the leases in force")
  func model() throws {
    var random = Seeded(state: 5)
    var known: [(id: LeaseID, until: Int64)] = []
    for now in 0..<Int64(3000) {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let seconds = Int64.random(in: 1...60, using: &random)
        let lease = try #require(
          lend(UInt128(Int.random(in: 0...200, using: &random)), seconds, at: now, random.next128())
        )
        #expect(lease.expiresAt == moment(now + seconds).wall)
        known.append((lease.id, now + seconds))
      }
      if let at = known.indices.randomElement(using: &random) {
        let isInForce = known[at].until > now
        if Bool.random(using: &random) {
          let renewed = leases.renew(known[at].id, seconds: 20, project: mine, at: moment(now))
          #expect((renewed != nil) == isInForce)
          if isInForce { known[at].until = now + 20 }
        } else {
          #expect(leases.end(known[at].id, project: nil, at: moment(now)) == isInForce)
          known[at].until = min(known[at].until, now)
        }
      }
      for subject in 0..<UInt128(64) { leases.expire(subject, now * Self.second) }
      known.removeAll { $0.until <= now }
      #expect(slots.total == Int64(known.count))
      #expect(leases.count == known.count)
    }
  }

  @Test("another project's lease is not there")
  func foreign() throws {
    let lease = try #require(lend(7, 60, at: 0, 1))
    let other = ProjectID(bits: 2)
    #expect(leases.renew(lease.id, seconds: nil, project: other, at: moment(1)) == nil)
    #expect(!leases.end(lease.id, project: other, at: moment(1)))
    #expect(leases.renew(lease.id, seconds: nil, project: mine, at: moment(1)) != nil)
    #expect(leases.end(lease.id, project: mine, at: moment(60)))
    #expect(slots.total == 0)
  }

  @Test("where there is no room for a lease its slot is not taken")
  func full() {
    let lent = (0..<20_000).count { lend(64, 60, at: 0, UInt128($0)) != nil }
    #expect(lent == 16_384)
    #expect(slots.total == 16_384)
    #expect(lend(64, 60, at: 61, 1 << 40) != nil)
    #expect(slots.total == 1)
  }
}

extension Seeded {
  fileprivate mutating func next128() -> UInt128 { UInt128(next()) << 64 | UInt128(next()) }
}
