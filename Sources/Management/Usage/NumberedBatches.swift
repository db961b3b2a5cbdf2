// What waits to be added up in the store, cut into batches. A batch keeps its number and what is in
// it until it is known to be stored, so that one whose commit was left in doubt is not added twice.
internal import KeyModel
internal import Storage

struct NumberedBatches<Element: Sendable> {
  struct Batch: Sendable {
    fileprivate let writer: [UInt8]
    fileprivate let number: Int64
    let elements: [Element]

    /// False where it was stored before: nothing is to be added then.
    func begin(_ tx: Transaction, at now: Timestamp) throws(StoreError) -> Bool {
      try tx.batchMarks.begin(number, by: writer, at: now)
    }
  }

  var waiting: [Element] = []
  private let writer: [UInt8]
  private var number: Int64 = 0
  private var open: Batch?

  /// - Parameter writer: 16 random bytes: nobody else's.
  init(writer: [UInt8]) { self.writer = writer }

  /// Elements that are not known to be stored.
  var count: Int { waiting.count + (open?.elements.count ?? 0) }

  /// The one that is not known to be stored, or else the next; nil: nothing waits.
  mutating func next(atMost size: Int) -> Batch? {
    if let open { return open }
    guard !waiting.isEmpty else { return nil }
    number += 1
    open = Batch(writer: writer, number: number, elements: Array(waiting.prefix(size)))
    waiting.removeFirst(min(size, waiting.count))
    return open
  }

  /// The batch that `next` gave is stored.
  mutating func stored() { open = nil }
}
