// What one worker gathers about use between two hand-overs: calls and last-used times of key
// versions, and who presented them. A table of its own, because it is written on every call: what a
// version's next call most likely needs lies in one line of memory, its newest caller included.
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

/// Written by its worker alone; what it hands over is read by whoever took it.
package final class UsageLedger: @unchecked Sendable {
  // Unchecked: the worker gives its only reference to what it hands over away before another
  // thread reads.

  /// 64 bytes.
  private struct Entry {
    var version: UInt128
    var caller: CallerLedger.Name
    var dayStart: UInt32
    var lastUsed: Int64
    var lastSeen: Int64
    /// Admitted ones of that day.
    var calls: UInt32
    /// Of that caller, those that `callers` does not know of.
    var presented: UInt32
  }

  private static let smallest = 256
  private var entries: UnsafeMutablePointer<Entry>
  /// Beside the entries: needed only when they are read.
  private var keys: UnsafeMutablePointer<UInt128>
  private var capacity: Int
  /// Versions in it.
  private(set) var used = 0
  private var finished: [UsageDelta] = []
  private var callers = CallerLedger()

  /// - Parameter versions: room for so many without growing.
  init(versions: Int = 0) {
    capacity = Self.smallest
    while capacity / 4 * 3 <= versions { capacity *= 4 }
    (entries, keys) = Self.table(capacity)
  }

  deinit { Self.release(entries, keys, capacity) }

  /// Not written here: a worker that hands over goes on with a new table at once.
  private static func table(
    _ capacity: Int
  ) -> (UnsafeMutablePointer<Entry>, UnsafeMutablePointer<UInt128>) {
    precondition(MemoryLayout<Entry>.stride == 64)
    return (Memory.table(of: Entry.self, capacity), Memory.table(of: UInt128.self, capacity))
  }

  private static func release(
    _ entries: UnsafeMutablePointer<Entry>, _ keys: UnsafeMutablePointer<UInt128>,
    _ capacity: Int
  ) {
    Memory.giveUp(entries, capacity)
    Memory.giveUp(keys, capacity)
  }

  package var isEmpty: Bool { used == 0 }

  /// Gives all that was gathered and starts anew: the worker's own ledger stays the same one, so
  /// that writing to it counts no reference.
  func handOver() -> UsageLedger {
    let taken = UsageLedger(versions: used / 2)
    swap(&entries, &taken.entries)
    swap(&keys, &taken.keys)
    swap(&capacity, &taken.capacity)
    swap(&used, &taken.used)
    swap(&finished, &taken.finished)
    swap(&callers, &taken.callers)
    return taken
  }

  // MARK: The worker's side

  /// The version will probably be told of soon.
  @inline(__always)
  func expect(_ version: VersionID) {
    Memory.expect(entries + (Self.hash(version.bits) & (capacity - 1)))
  }

  /// An admitted call.
  @inline(__always)
  func add(key: KeyID, version: VersionID, now: Timestamp, day: MeterDay) {
    let entry = entry(version.bits, key.bits)
    let dayStart = UInt32(truncatingIfNeeded: day.startMinute)
    if entry.pointee.calls > 0, entry.pointee.dayStart != dayStart { finish(entry) }
    entry.pointee.dayStart = dayStart
    entry.pointee.calls += 1
    entry.pointee.lastUsed = max(entry.pointee.lastUsed, now.microseconds)
  }

  /// A call, whatever was decided on it.
  @inline(__always)
  func witness(key: KeyID, version: VersionID, _ seen: Presentation, now: Timestamp) {
    let caller = CallerLedger.Name(
      addressHigh: seen.addressHigh, addressLow: seen.addressLow,
      form: callers.forms.number(of: seen))
    let entry = entry(version.bits, key.bits)
    if entry.pointee.caller != caller {
      if entry.pointee.presented > 0 { bring(entry) }
      entry.pointee.caller = caller
    }
    entry.pointee.presented += 1
    entry.pointee.lastSeen = now.microseconds
  }

  @inline(never)
  private func finish(_ entry: UnsafeMutablePointer<Entry>) {
    finished.append(delta(entry))
    entry.pointee.calls = 0
  }

  @inline(never)
  private func bring(_ entry: UnsafeMutablePointer<Entry>, isLast: Bool = false) {
    callers.note(
      version: entry.pointee.version, key: keys[entry - entries], entry.pointee.caller,
      calls: Int64(entry.pointee.presented), lastSeen: entry.pointee.lastSeen, isLast: isLast)
    entry.pointee.presented = 0
  }

  @inline(__always)
  private func entry(_ version: UInt128, _ key: UInt128) -> UnsafeMutablePointer<Entry> {
    let entry = entries + place(version)
    return entry.pointee.version == version ? entry : first(version, key)
  }

  @inline(never)
  private func first(_ version: UInt128, _ key: UInt128) -> UnsafeMutablePointer<Entry> {
    used += 1
    if used * 4 > capacity * 3 { grow() }
    let at = place(version)
    entries[at].version = version
    keys[at] = key
    return entries + at
  }

  @inline(__always)
  private func place(_ version: UInt128) -> Int {
    var at = Self.hash(version) & (capacity - 1)
    while entries[at].version != 0, entries[at].version != version {
      at = (at + 1) & (capacity - 1)
    }
    return at
  }

  @inline(__always)
  private static func hash(_ version: UInt128) -> Int {
    Int(truncatingIfNeeded: (UInt64(truncatingIfNeeded: version) &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  private func grow() {
    let (old, oldKeys, count) = (entries, keys, capacity)
    capacity *= 4
    (entries, keys) = Self.table(capacity)
    for index in 0..<count where old[index].version != 0 {
      let at = place(old[index].version)
      entries[at] = old[index]
      keys[at] = oldKeys[index]
    }
    Self.release(old, oldKeys, count)
  }

  // MARK: Once handed over

  package var deltas: [UsageDelta] {
    var deltas = finished
    deltas.reserveCapacity(finished.count + used)
    for at in 0..<capacity where entries[at].calls > 0 { deltas.append(delta(entries + at)) }
    return deltas
  }

  private func delta(_ entry: UnsafeMutablePointer<Entry>) -> UsageDelta {
    UsageDelta(
      keyID: KeyID(bits: keys[entry - entries]), versionID: VersionID(bits: entry.pointee.version),
      lastUsedAt: Timestamp(microseconds: entry.pointee.lastUsed),
      day: MeterDay(startMinute: UInt64(entry.pointee.dayStart)),
      calls: Int64(entry.pointee.calls))
  }

  /// To be asked once.
  /// - Parameter address: the text of an address, from its high and low eight bytes.
  package func sightings(address: (UInt64, UInt64) -> String) -> [CallerSighting] {
    for at in 0..<capacity where entries[at].presented > 0 { bring(entries + at, isLast: true) }
    return callers.sightings(address: address)
  }
}
