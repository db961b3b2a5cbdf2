// Reads every key into the record table, from both ends at once until the two meet. Their snapshots
// may be of different moments: what was changed since the position that is loaded comes once more
// through the feed.
internal import KeyModel
internal import Storage
internal import Verification

final class KeyLoad: Sendable {
  /// Whatever is not between the two is taken.
  private struct Gap {
    var above: UInt128 = .min
    var below: UInt128 = .max
  }

  private let table: RecordTable
  private let gap = Locked(Gap())
  /// Nil where nobody asks which keys there were.
  private let present: Locked<PresentRecords>?

  init(_ table: RecordTable, noting present: PresentRecords?) {
    self.table = table
    self.present = present.map { Locked($0) }
  }

  /// Which records there are, those that `init` was given among them.
  var found: PresentRecords? { present?.withLock { $0 } }

  func run(_ tx: Transaction, _ order: ScanOrder) throws {
    var scan = try tx.keys.scan(order)
    var records: [KeyRecord] = []
    while try scan.next(&records) {
      let free = records[..<take(records, order)]
      table.load(free)
      present?.withLock { present in for record in free { present.note(.key(record)) } }
      if free.count < records.count { return }
    }
  }

  /// How many of them, from the first on, nobody took at the other end.
  private func take(_ records: [KeyRecord], _ order: ScanOrder) -> Int {
    gap.withLock { gap in
      let free = records.prefix { gap.above < $0.id.bits && $0.id.bits < gap.below }.count
      guard free > 0 else { return 0 }
      let last = records[free - 1].id.bits
      if order == .oldestFirst { gap.above = last } else { gap.below = last }
      return free
    }
  }
}
