// What all workers of a process count together. It holds state only: what the limits are is asked
// of the project's policy for each call.
import Crypto
import KeyModel

package final class Meters: Sendable {
  /// Addresses have cells of their own: anybody can have many of them, and what floods these must
  /// not make the others forget.
  package let addresses: RateTable
  package let owners: RateTable
  package let slots: Slots
  package let leases = Leases()
  /// Nil where nobody fetches calls for it: then no quota holds.
  package let quota: QuotaCells?
  /// Another hash than those that choose cells, since what it gives is shown.
  private let badges: SubjectHash

  /// - Parameter rateCells: 16 bytes each, for addresses and again for all else.
  package init(
    quota: QuotaCells? = nil, rateCells: Int = 1 << 18, entropy: some Entropy = SystemEntropy()
  ) {
    self.quota = quota
    addresses = RateTable(cells: rateCells, entropy: entropy)
    owners = RateTable(cells: rateCells, entropy: entropy)
    slots = Slots(entropy: entropy)
    badges = SubjectHash(entropy: entropy)
  }

  @inline(__always)
  func rates(_ scope: MeterScope) -> RateTable { scope == .address ? addresses : owners }

  /// Tells subjects apart without naming them: 48 bits, others in each process.
  @inline(__always)
  func badge(_ subject: UInt128) -> UInt64 { badges.tag(subject, 1) >> 16 }
}

/// What one limit said to one call, for header fields.
@usableFromInline package struct MeterReading {
  /// In `ProjectLimits.names`.
  @usableFromInline package var limit: Int
  @usableFromInline package var remaining: Int64
  /// Until more is to be had; nil where nobody knows.
  @usableFromInline package var seconds: Int64?
  /// Who is counted, unrecognizable.
  @usableFromInline package var badge: UInt64
  @usableFromInline package var refused = false
}
