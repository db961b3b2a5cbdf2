// What one process holds of one subject's quota: 64 bytes, one cache line, changed by atomics
// alone. The rules of debiting are in QuotaCells; this file knows the layout and the one word that
// a debit changes.
import KeyModel
import Synchronization

/// A day and the calls that are reserved in it and not yet used, as one atomic word holds them.
struct QuotaWord: Equatable {
  static var unusedBits: UInt64 { 64 - MeterDay.bits }
  /// Far above what is ever reserved at once.
  static var unusedMax: UInt64 { (1 << unusedBits) - 1 }
  var bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  init(day: MeterDay, unused: UInt64) {
    bits = day.startMinute << Self.unusedBits | min(unused, Self.unusedMax)
  }

  @inline(__always) var day: MeterDay { MeterDay(startMinute: bits >> Self.unusedBits) }
  @inline(__always) var unused: UInt64 { bits & Self.unusedMax }
}

/// A handle; the memory lives as long as the QuotaCells it came from.
struct QuotaCell: @unchecked Sendable {
  // Unchecked: subject and account are written before the cell can be found, the rest is atomic.
  private struct Layout: ~Copyable {
    let subject: UInt128
    let account: UInt128
    let word = Atomic<UInt64>(0)
    /// Calls of the word's day that are reserved in the store, by all processes, as of the last
    /// answer from there.
    let reserved = Atomic<Int64>(0)
    /// Calls that passed uncounted while the store was away.
    let debt = Atomic<Int64>(0)
    /// Second of the last answer from the store.
    let checked = Atomic<UInt32>(0)
    /// At this many unused calls or fewer, more are fetched.
    let low = Atomic<UInt16>(0)
    /// Not 0 while the desk has the subject on its list.
    let asked = Atomic<UInt8>(0)
    /// See `QuotaCell.Advance`.
    let advance = Atomic<UInt8>(0)
  }

  static let byteCount = 64
  private let layout: UnsafeMutablePointer<Layout>

  /// - Parameter memory: zeroed, aligned to `byteCount`.
  init(at memory: UnsafeMutableRawPointer, _ subject: QuotaSubject) {
    precondition(MemoryLayout<Layout>.size <= Self.byteCount)
    layout = memory.bindMemory(to: Layout.self, capacity: 1)
    layout.initialize(to: Layout(subject: subject.id, account: subject.account.bits))
  }

  @inline(__always)
  init(_ memory: UnsafeMutableRawPointer) {
    layout = memory.assumingMemoryBound(to: Layout.self)
  }

  var memory: UnsafeMutableRawPointer { UnsafeMutableRawPointer(layout) }
  @inline(__always) var id: UInt128 { layout.pointee.subject }
  var subject: QuotaSubject {
    QuotaSubject(id: id, account: AccountID(bits: layout.pointee.account))
  }

  @inline(__always)
  var word: QuotaWord { QuotaWord(bits: layout.pointee.word.load(ordering: .acquiring)) }

  /// Nil where it was done; else what stands there instead.
  @inline(__always)
  func exchange(_ old: QuotaWord, for new: QuotaWord) -> QuotaWord? {
    let (done, found) = layout.pointee.word.weakCompareExchange(
      expected: old.bits, desired: new.bits, ordering: .acquiringAndReleasing)
    return done ? nil : QuotaWord(bits: found)
  }

  @inline(__always)
  var reserved: Int64 {
    get { layout.pointee.reserved.load(ordering: .relaxed) }
    nonmutating set { layout.pointee.reserved.store(newValue, ordering: .releasing) }
  }

  var debt: Int64 { layout.pointee.debt.load(ordering: .relaxed) }
  func addDebt(_ calls: Int64) { layout.pointee.debt.wrappingAdd(calls, ordering: .relaxed) }

  @inline(__always)
  var low: UInt64 {
    get { UInt64(layout.pointee.low.load(ordering: .relaxed)) }
    nonmutating set {
      layout.pointee.low.store(UInt16(clamping: newValue), ordering: .relaxed)
    }
  }

  var checked: UInt32 {
    get { layout.pointee.checked.load(ordering: .relaxed) }
    nonmutating set { layout.pointee.checked.store(newValue, ordering: .relaxed) }
  }

  @inline(__always)
  var isAsked: Bool {
    get { layout.pointee.asked.load(ordering: .acquiring) != 0 }
    nonmutating set { layout.pointee.asked.store(newValue ? 1 : 0, ordering: .releasing) }
  }

  /// What became of the word's day's advance. Changed under the desk's lock, or while the subject
  /// is in the refiller's hands.
  enum Advance: Equatable {
    case none
    /// So many calls, at most 64, that no row has.
    case given(Int64)
    /// The day's row was written since the term began: there is no other advance.
    case settled

    private static let settledByte: UInt8 = .max

    init(byte: UInt8) {
      self =
        switch byte {
        case 0: .none
        case Self.settledByte: .settled
        default: .given(Int64(byte))
        }
    }

    var byte: UInt8 {
      switch self {
      case .none: 0
      case .given(let calls): UInt8(calls)
      case .settled: Self.settledByte
      }
    }

    var unsettled: Int64 { if case .given(let calls) = self { calls } else { 0 } }
  }

  var advance: Advance {
    get { Advance(byte: layout.pointee.advance.load(ordering: .acquiring)) }
    nonmutating set { layout.pointee.advance.store(newValue.byte, ordering: .releasing) }
  }

  /// One step on the word, repeated until nobody came in between; nil from `change` leaves it.
  /// Gives the word before and whether it was changed.
  func update(_ change: (QuotaWord) -> QuotaWord?) -> (before: QuotaWord, changed: Bool) {
    var seen = word
    while true {
      guard let new = change(seen) else { return (seen, false) }
      guard let other = exchange(seen, for: new) else { return (seen, true) }
      seen = other
    }
  }
}
