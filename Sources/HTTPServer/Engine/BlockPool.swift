// Recycled buffers of one worker: the block given back last is taken first, so that a quiet server
// works on memory its core still has in cache. Must not be shared between threads.

final class BlockPool {
  let size: Int
  private let kept: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
  private let capacity: Int
  private var count = 0

  init(size: Int, keeping capacity: Int) {
    self.size = size
    self.capacity = capacity
    kept = .allocate(capacity: capacity)
  }

  deinit {
    for index in 0..<count { kept[index].deallocate() }
    kept.deallocate()
  }

  func take() -> UnsafeMutablePointer<UInt8> {
    guard count > 0 else { return .allocate(capacity: size) }
    count &-= 1
    return kept[count]
  }

  func give(_ block: UnsafeMutablePointer<UInt8>) {
    guard count < capacity else { return block.deallocate() }
    kept[count] = block
    count &+= 1
  }
}

/// Every recycled thing of a worker.
final class Memory {
  /// Heads in both directions, and small outputs.
  let heads = BlockPool(size: 8 * 1024, keeping: 256)
  /// Bodies while they pass through.
  let bodies = BlockPool(size: 64 * 1024, keeping: 64)
  /// What an ended exchange shows as its head.
  let emptyHead: UnsafeMutablePointer<HeadIndex>
  private let fieldCapacity: Int
  private var indexes: [UnsafeMutablePointer<HeadIndex>] = []

  init(_ limits: Limits) {
    fieldCapacity = limits.headerCount
    indexes.reserveCapacity(256)
    emptyHead = .allocate(capacity: 1)
    emptyHead.initialize(to: HeadIndex(capacity: 0))
  }

  deinit {
    for index in indexes { release(index) }
    release(emptyHead)
  }

  func takeIndex() -> UnsafeMutablePointer<HeadIndex> {
    if let index = indexes.popLast() {
      index.pointee.reset()
      return index
    }
    let index = UnsafeMutablePointer<HeadIndex>.allocate(capacity: 1)
    index.initialize(to: HeadIndex(capacity: fieldCapacity))
    return index
  }

  func give(_ index: UnsafeMutablePointer<HeadIndex>) {
    if indexes.count < 256 { indexes.append(index) } else { release(index) }
  }

  private func release(_ index: UnsafeMutablePointer<HeadIndex>) {
    index.pointee.fields.deallocate()
    index.deallocate()
  }
}
