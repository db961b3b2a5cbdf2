// A hash table of rows in one piece of memory: open addressing, linear probing, one writer, any
// number of readers. A byte per place, all bytes side by side, says whether a row can be the one
// that is looked for; so a look-up touches one row, and at a million keys that is what it costs.
//
// Why a reader never misses a row that is being replaced: the new row goes to the first empty place
// after the old one (places are never used twice), is marked live, and only then is the old one
// marked dead; a reader that finds the dead one goes on and meets the new one.
import KeyModel
import Synchronization

/// A handle: what it points at never changes, but for the tags and marks.
struct Segment: @unchecked Sendable {
  // Unchecked: tags and marks are atomics, rows are written before them.
  private struct Description {
    var places: Int
    /// Not beside the rows: at the same offset of many huge pages the tags of all segments would
    /// fight for the same few sets of the cache.
    var tags: UnsafeMutablePointer<Atomic<UInt8>>
    var rows: UnsafeMutablePointer<Row>
  }

  let memory: UnsafeMutableRawPointer

  init(memory: UnsafeMutableRawPointer) { self.memory = memory }

  init(places: Int) {
    let places = Self.rounded(places)
    memory = .allocate(byteCount: 64, alignment: 64)
    let tags = Memory.map(byteCount: places).assumingMemoryBound(to: Atomic<UInt8>.self)
    let rows = Memory.map(byteCount: places * Row.byteCount)
    memory.initializeMemory(
      as: Description.self,
      to: Description(places: places, tags: tags, rows: rows.assumingMemoryBound(to: Row.self)))
  }

  /// As many as fill the memory that is taken anyway.
  private static func rounded(_ places: Int) -> Int {
    let size = places * Row.byteCount
    let unit = size > Memory.hugePage / 2 ? Memory.hugePage : 4096
    return (size + unit - 1) / unit * unit / Row.byteCount
  }

  func destroy() {
    Memory.unmap(tags, byteCount: places)
    Memory.unmap(row(0), byteCount: places * Row.byteCount)
    memory.deallocate()
  }

  @inline(__always)
  private var description: UnsafeMutablePointer<Description> {
    memory.assumingMemoryBound(to: Description.self)
  }

  @inline(__always)
  var places: Int { description.pointee.places }

  @inline(__always)
  func row(_ place: Int) -> UnsafeMutablePointer<Row> { description.pointee.rows + place }

  @inline(__always)
  private var tags: UnsafeMutablePointer<Atomic<UInt8>> { description.pointee.tags }

  /// Never 0, which is a place where no row ever was.
  @inline(__always)
  private static func tag(_ lookup: Lookup) -> UInt8 {
    UInt8(truncatingIfNeeded: lookup.words.1) | 1
  }

  @inline(__always)
  private func firstPlace(_ lookup: Lookup) -> Int {
    let hash = (lookup.words.0 << 6) >> 32
    return Int(truncatingIfNeeded: (hash &* UInt64(truncatingIfNeeded: places)) >> 32)
  }

  // MARK: Reader

  /// A row that may be the one, asked of memory before it is needed.
  struct Candidate {
    let place: Int
    let row: UnsafeMutablePointer<Row>
    let mark: RowMark
    let word: UInt64
  }

  /// Nil where no row can have this look-up value.
  @inline(__always)
  func candidate(_ lookup: Lookup) -> Candidate? {
    let first = firstPlace(lookup)
    // Most rows are at their first place or the next: they are on their way while the tags come.
    let row = UnsafeRawPointer(row(first))
    Memory.expect(row)
    Memory.expect(row + 64)
    Memory.expect(row + 128)
    return candidate(lookup, from: first)
  }

  @inline(__always)
  private func candidate(_ lookup: Lookup, from first: Int) -> Candidate? {
    let wanted = Self.tag(lookup)
    let places = places
    let tags = tags
    var place = first
    while true {
      let tag = tags[place].load(ordering: .acquiring)
      if tag == wanted {
        let row = row(place)
        return Candidate(
          place: place, row: row, mark: Self.mark(row), word: row.pointee.lookup.words.0)
      }
      if tag == 0 { return nil }
      place += 1
      if place == places { place = 0 }
    }
  }

  /// A row with the mark under which it was found: the one in memory may say dead a moment later.
  struct Found {
    let row: UnsafeMutablePointer<Row>
    let mark: RowMark
  }

  /// The live row with this look-up value, from a candidate onwards.
  @inline(__always)
  func find(_ lookup: Lookup, _ candidate: Candidate?) -> Found? {
    var next = candidate
    while let at = next {
      if at.word == lookup.words.0, at.mark.isLive, at.row.pointee.lookup == lookup {
        return Found(row: at.row, mark: at.mark)
      }
      next = self.candidate(lookup, from: at.place + 1 == places ? 0 : at.place + 1)
    }
    return nil
  }

  @inline(__always)
  static func mark(_ row: UnsafeMutablePointer<Row>) -> RowMark {
    RowMark(bits: atomicMark(row).pointee.load(ordering: .acquiring))
  }

  @inline(__always)
  private static func atomicMark(
    _ row: UnsafeMutablePointer<Row>
  ) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (UnsafeMutableRawPointer(row) + Row.markOffset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  // MARK: Writer

  /// There must be an empty place.
  func insert(_ new: Row) {
    var place = firstPlace(new.lookup)
    while tags[place].load(ordering: .relaxed) != 0 {
      place = place + 1 == places ? 0 : place + 1
    }
    row(place).initialize(to: new)
    tags[place].store(Self.tag(new.lookup), ordering: .releasing)
  }

  func bury(_ row: UnsafeMutablePointer<Row>) {
    Self.atomicMark(row).pointee.store(RowMark.dead.bits, ordering: .releasing)
  }
}
