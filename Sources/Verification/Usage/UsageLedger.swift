// What one worker gathers about use between two hand-overs: calls and last-used times per key
// version. A hash table of its own, because it is written on every admitted call.
import KeyModel

package struct UsageDelta: Sendable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  /// As the policy cuts the days of its counters.
  package var day: MeterDay
  /// Admitted calls of that day; a turn of the day gives two deltas.
  package var calls: Int64
}

struct UsageLedger {
  private struct Entry {
    var version: UInt128 = 0
    var key: UInt128 = 0
    var lastUsed: Int64 = 0
    var day = MeterDay.never
    var calls: Int64 = 0
  }

  private var entries = [Entry](repeating: Entry(), count: 256)
  /// Versions in it.
  private(set) var used = 0
  private var finished: [UsageDelta] = []

  mutating func add(key: KeyID, version: VersionID, now: Timestamp, day: MeterDay) {
    let at = slot(version.bits)
    if entries[at].version == 0 {
      entries[at] = Entry(
        version: version.bits, key: key.bits, lastUsed: now.microseconds, day: day, calls: 1)
      used += 1
      if used * 4 > entries.count * 3 { grow() }
      return
    }
    if entries[at].day != day {
      finished.append(Self.delta(entries[at]))
      entries[at].day = day
      entries[at].calls = 0
    }
    entries[at].calls += 1
    entries[at].lastUsed = max(entries[at].lastUsed, now.microseconds)
  }

  /// The version will probably be added soon.
  @inline(__always)
  func expect(_ version: VersionID) {
    let first = Self.hash(version.bits) & (entries.count - 1)
    entries.withUnsafeBufferPointer { entries in
      // The mask keeps the place inside, and the memory would not be touched anyway.
      if let start = entries.baseAddress { Memory.expect(start + first) }
    }
  }

  mutating func take() -> [UsageDelta] {
    guard used > 0 else { return [] }
    var deltas = finished
    deltas.reserveCapacity(finished.count + used)
    for entry in entries where entry.version != 0 { deltas.append(Self.delta(entry)) }
    finished = []
    used = 0
    let size = entries.count > 4096 ? 256 : entries.count
    entries = [Entry](repeating: Entry(), count: size)
    return deltas
  }

  private func slot(_ version: UInt128) -> Int {
    var at = Self.hash(version) & (entries.count - 1)
    while entries[at].version != 0, entries[at].version != version {
      at = (at + 1) & (entries.count - 1)
    }
    return at
  }

  @inline(__always)
  private static func hash(_ version: UInt128) -> Int {
    Int(truncatingIfNeeded: (UInt64(truncatingIfNeeded: version) &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  private mutating func grow() {
    let old = entries
    entries = [Entry](repeating: Entry(), count: old.count * 4)
    for entry in old where entry.version != 0 { entries[slot(entry.version)] = entry }
  }

  private static func delta(_ entry: Entry) -> UsageDelta {
    UsageDelta(
      keyID: KeyID(bits: entry.key), versionID: VersionID(bits: entry.version),
      lastUsedAt: Timestamp(microseconds: entry.lastUsed), day: entry.day, calls: entry.calls)
  }
}
