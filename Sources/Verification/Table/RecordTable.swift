// What every worker reads and one control-plane thread writes: the records of all projects. It
// holds records, never verdicts. Readers see each change whole, without locks: rows are immutable,
// their marks are atomic, and what was replaced is freed when no reader is inside.
import Crypto
import KeyModel
import Synchronization

package final class RecordTable: Sendable {
  let epochs = Epochs()
  let shared: SharedTables
  let directory: ProjectDirectory
  private let writer: Mutex<TableWriter>
  private let applied = Atomic<Int64>(0)

  /// - Parameter peppers: the live look-up hashers, newest first; one or two.
  package init(peppers: [LookupHasher]) {
    shared = SharedTables()
    directory = ProjectDirectory(peppers: peppers)
    writer = Mutex(TableWriter())
  }

  /// Applied in the order of positions, from one thread at a time.
  package func apply(_ change: RecordChange, position: Int64) {
    writer.withLock { $0.apply(change, shared, directory, epochs) }
    applied.store(position, ordering: .releasing)
  }

  /// Part of a whole store, in force at once; its position is told by `loaded`. Any thread.
  package func load(_ change: RecordChange) {
    writer.withLock { $0.apply(change, shared, directory, epochs) }
  }

  /// The same for many keys, whose accounts were loaded before.
  package func load(_ keys: ArraySlice<KeyRecord>) {
    writer.withLock { $0.put(keys, shared, directory, epochs) }
  }

  package func loaded(position: Int64) { applied.store(position, ordering: .releasing) }

  /// Removes what is not in `present`: the store was put back, and it is not in it any more.
  package func keepOnly(_ present: PresentRecords) {
    writer.withLock { $0.keepOnly(present, shared, directory, epochs) }
  }

  /// Makes room before many keys are applied, so that the index need not grow on the way.
  package func reserve(versions: Int) {
    writer.withLock { $0.reserve(versions: versions, shared, epochs) }
  }

  /// The position of the newest change applied.
  package var position: Int64 { applied.load(ordering: .acquiring) }

  /// Key versions that can be found.
  package var versionCount: Int { writer.withLock { $0.versionCount } }

  /// The live hashers changed: a pepper was made or retired.
  package func replacePeppers(_ peppers: [LookupHasher], position: Int64) {
    directory.replacePeppers(peppers)
    applied.store(position, ordering: .releasing)
  }
}

/// The memory that readers walk. Only `TableWriter` writes it, under the record table's lock.
final class SharedTables: @unchecked Sendable {
  // Unchecked: segments are published through atomics, their marks are atomics, and elements are
  // written before their numbers are published.
  /// Each grows on its own, so that growing copies a small part of the table at a time.
  static let segments = 64
  let accounts = Pages<AccountRow>()
  let applications = Pages<UInt128>()
  let details = Pages<Blob>()
  private let published: UnsafeMutablePointer<Atomic<UnsafeMutableRawPointer>>

  init() {
    published = .allocate(capacity: Self.segments)
    for number in 0..<Self.segments {
      (published + number).initialize(to: Atomic(Segment(places: 40).memory))
    }
  }

  deinit {
    for number in 0..<Self.segments { segment(number).destroy() }
    published.deallocate()
    accounts.destroy()
    applications.destroy()
    details.destroy()
  }

  /// Look-up values are evenly distributed: their first six bits choose.
  @inline(__always)
  static func segment(of lookup: Lookup) -> Int {
    Int(truncatingIfNeeded: lookup.words.0 >> 58)
  }

  /// Valid until the reader leaves its epoch.
  @inline(__always)
  func segment(_ number: Int) -> Segment {
    Segment(memory: published[number].load(ordering: .acquiring))
  }

  func publish(_ segment: Segment, as number: Int) {
    published[number].store(segment.memory, ordering: .releasing)
  }
}

/// An account as decisions need it. `id` never changes; `state` and `blob` are replaced.
struct AccountRow: ~Copyable {
  static let live: UInt8 = 1
  static let suspended: UInt8 = 2
  var id: UInt128
  var project: UInt32
  let state: Atomic<UInt8>
  /// Fields: client id, user name, then the brands.
  let blob: Atomic<UnsafeMutableRawPointer?>

  @inline(__always)
  var stateNow: UInt8 { state.load(ordering: .acquiring) }

  /// Nil once the account is removed.
  var names: Blob? { blob.load(ordering: .acquiring).map { Blob(memory: $0) } }
}
