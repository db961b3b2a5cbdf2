// One counter per subject, found without a lock and exact: a counter never moves and is never given
// to another subject. Only for subjects that nobody can make up, since cells are never given up.
import Synchronization

final class SubjectCells: @unchecked Sendable {
  // Unchecked: all memory is atomics. It is never unmapped: whoever holds a cell may outlive this.
  typealias Cell = UnsafeMutablePointer<Atomic<Int64>>
  private typealias Word = UnsafeMutablePointer<Atomic<UInt64>>

  /// Four tags and their counters in one cache line.
  private static let ways = 4
  private static let lineBytes = 64
  private static let firstLines = 1024
  /// Each level has four times the lines of the one before: 16 million lines in all.
  private static let levelCount = 8
  private let levels: UnsafeMutablePointer<Atomic<UInt>>

  init() {
    levels = .allocate(capacity: Self.levelCount)
    for level in 0..<Self.levelCount { (levels + level).initialize(to: Atomic(0)) }
  }

  deinit { levels.deallocate() }

  /// The counter of a tag that has one.
  @inline(__always)
  func find(_ tag: UInt64) -> Cell? { search(tag) { _ in nil } }

  /// Nil where there is no room for another: 60 million subjects.
  @inline(__always)
  func cell(of tag: UInt64) -> Cell? {
    search(tag) { word in
      // Places of a line fill in order and stay filled, so two workers that bring the same tag
      // meet at the same place.
      word.pointee.compareExchange(
        expected: 0, desired: tag, ordering: .acquiringAndReleasing
      ).original
    }
  }

  /// - Parameter vacant: gives what an empty place holds after all, 0 where it is the tag's now;
  ///   nil: the tag has no place.
  @inline(__always)
  private func search(_ tag: UInt64, _ vacant: (Word) -> UInt64?) -> Cell? {
    for level in 0..<Self.levelCount {
      guard let line = line(tag, level) else { return nil }
      let tags = line.assumingMemoryBound(to: Atomic<UInt64>.self)
      let cells = (line + Self.ways * 8).assumingMemoryBound(to: Atomic<Int64>.self)
      for way in 0..<Self.ways {
        var found = tags[way].load(ordering: .acquiring)
        if found == 0 {
          guard let settled = vacant(tags + way) else { return nil }
          found = settled == 0 ? tag : settled
        }
        if found == tag { return cells + way }
      }
    }
    return nil
  }

  @inline(__always)
  private func line(_ tag: UInt64, _ level: Int) -> UnsafeMutableRawPointer? {
    let count = Self.firstLines << (2 * level)
    let memory =
      UnsafeMutableRawPointer(bitPattern: levels[level].load(ordering: .acquiring))
      ?? make(level, lines: count)
    let number = Int(truncatingIfNeeded: tag >> 8) & (count - 1)
    return memory + number * Self.lineBytes
  }

  private func make(_ level: Int, lines: Int) -> UnsafeMutableRawPointer {
    let made = Memory.map(byteCount: lines * Self.lineBytes)
    let (exchanged, original) = levels[level].compareExchange(
      expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
    guard !exchanged, let other = UnsafeMutableRawPointer(bitPattern: original) else { return made }
    Memory.unmap(made, byteCount: lines * Self.lineBytes)
    return other
  }

  /// The sum of all counters: not of one moment while they change.
  var total: Int64 {
    var sum: Int64 = 0
    for level in 0..<Self.levelCount {
      guard
        let memory = UnsafeMutableRawPointer(bitPattern: levels[level].load(ordering: .acquiring))
      else { break }
      for number in 0..<(Self.firstLines << (2 * level)) {
        let line = memory + number * Self.lineBytes
        let cells = (line + Self.ways * 8).assumingMemoryBound(to: Atomic<Int64>.self)
        for way in 0..<Self.ways { sum += cells[way].load(ordering: .relaxed) }
      }
    }
    return sum
  }
}
