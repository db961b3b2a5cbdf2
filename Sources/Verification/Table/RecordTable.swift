// What every worker reads and one control-plane thread writes: the records of all projects. It
// holds records, never verdicts. Readers see each change whole, without locks: rows are immutable,
// the index points at them with atomic stores, and what was replaced is freed when no reader is
// inside.
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
    let writer = TableWriter()
    shared = SharedTables(index: writer.index)
    directory = ProjectDirectory(peppers: peppers)
    self.writer = Mutex(writer)
  }

  /// Applied in the order of positions, from one thread at a time.
  package func apply(_ change: RecordChange, position: Int64) {
    writer.withLock { $0.apply(change, shared, directory, epochs) }
    applied.store(position, ordering: .releasing)
  }

  /// Makes room before many keys are applied, so that the index need not grow on the way.
  package func reserve(versions: Int) {
    writer.withLock { $0.reserve(versions: versions, shared, epochs) }
  }

  /// The position of the newest change applied.
  package var position: Int64 { applied.load(ordering: .acquiring) }

  /// Key versions that can be found.
  package var versionCount: Int { writer.withLock { $0.versionCount } }

  /// The live hashers changed: a pepper was rotated.
  package func replacePeppers(_ peppers: [LookupHasher]) { directory.replacePeppers(peppers) }
}

/// The memory that readers walk. Only `TableWriter` writes it, under the record table's lock.
final class SharedTables: @unchecked Sendable {
  // Unchecked: the index is published through an atomic, its slots are atomics, and elements are
  // written before their numbers are published.
  let rows = Pages<Row>()
  let accounts = Pages<AccountRow>()
  let details = Pages<Blob>()
  private let published: Atomic<UnsafeMutableRawPointer>

  init(index: RowIndex) { published = Atomic(index.memory) }

  /// Valid until the reader leaves its epoch.
  @inline(__always)
  var index: RowIndex { RowIndex(memory: published.load(ordering: .acquiring)) }

  func publish(_ index: RowIndex) { published.store(index.memory, ordering: .releasing) }

  deinit {
    index.destroy()
    rows.destroy()
    accounts.destroy()
    details.destroy()
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
