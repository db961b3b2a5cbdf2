// Calls in flight, by subject: exact within a process, whatever worker a call is on. A slot is a
// value that cannot be copied and gives itself back when it ends, so that no way out of a call can
// forget it.
import Crypto
import KeyModel
import Synchronization

/// One call in flight.
package struct Slot: ~Copyable {
  private let cell: SubjectCells.Cell

  fileprivate init(_ cell: SubjectCells.Cell) { self.cell = cell }

  deinit { cell.pointee.wrappingSubtract(1, ordering: .releasing) }
}

package final class Slots: Sendable {
  private let hash: SubjectHash
  private let cells = SubjectCells()

  package init(entropy: some Entropy = SystemEntropy()) { hash = SubjectHash(entropy: entropy) }

  /// Nil where the subject has no slot left.
  /// - Parameter used: set to the slots in use, this one included.
  @inline(__always)
  package func take(_ subject: UInt128, max: Int64, used: inout Int64) -> Slot? {
    guard let cell = cells.cell(of: hash.tag(subject, 0)) else { return nil }
    var known = cell.pointee.load(ordering: .relaxed)
    while known < max {
      let (exchanged, original) = cell.pointee.weakCompareExchange(
        expected: known, desired: known + 1, ordering: .acquiring)
      if exchanged {
        used = known + 1
        return Slot(cell)
      }
      known = original
    }
    used = known
    return nil
  }

  /// Slots that the subject has in use.
  package func used(by subject: UInt128) -> Int64 {
    cells.find(hash.tag(subject, 0))?.pointee.load(ordering: .relaxed) ?? 0
  }

  /// Slots in use by anybody: not of one moment while calls come and go.
  package var total: Int64 { cells.total }
}
