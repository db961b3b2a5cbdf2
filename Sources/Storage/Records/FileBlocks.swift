// Blocks in a file beside a day's index. The file is only appended to, so that each byte is written
// once; room that is not needed any more is made a hole. What stands in it counts only where the
// index says so: the rest is what a process that died has left.
internal import CSystem
import Glibc
internal import KeyModel

final class FileBlocks: BlockStore {
  /// A piece of the file, in one number for the index.
  private struct Extent {
    var start: Int64
    var count: Int64
    var end: Int64 { start + count }
    var part: Int64 { start << Self.countBits | count }

    /// Far more than a block's bytes.
    static let countBits: Int64 = 20

    init(start: Int64, count: Int64) {
      self.start = start
      self.count = count
    }

    init(_ part: Int64) {
      self.init(start: part >> Self.countBits, count: part & (1 << Self.countBits - 1))
    }
  }

  private let descriptor: Int32
  private let turns: ReadTurns
  /// Where the next block goes.
  private var end: Int64 = 0
  private var buffer: UnsafeMutableRawBufferPointer
  /// Released since the last look, and before: with the turn after which nobody reads them.
  private var released: [Extent] = []
  private var waiting: [(turn: Int, extents: [Extent])] = []

  /// Makes the file where `role` is a writer's and there is none.
  init(path: String, role: SQLiteConnection.Role, turns: ReadTurns) throws(StoreError) {
    descriptor =
      role == .writer ? FolderFile.open(path, O_RDWR) : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .failedOpen(errno, "cannot open a file of request records")
    }
    self.turns = turns
    buffer = .allocate(byteCount: RunBuilder.blockBytes, alignment: 16)
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  // MARK: Writing

  func put(_ block: RecordBlock, run: Int64) throws(StoreError) -> Int64 {
    try append(block.data)
  }

  /// Elsewhere: whoever reads the old bytes goes on reading them.
  func replace(run: Int64, part: Int64, with bytes: [UInt8]) throws(StoreError) -> Int64 {
    let new = try append(bytes)
    try release(run: run, parts: [part])
    return new
  }

  private func append(_ bytes: [UInt8]) throws(StoreError) -> Int64 {
    let extent = Extent(start: end, count: Int64(bytes.count))
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, Int(end) + done)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .failedInputOutput(errno, "write") }
      done += written
    }
    end = extent.end
    return extent.part
  }

  func sync() throws(StoreError) {
    guard fdatasync(descriptor) == 0 else { throw .failedInputOutput(errno, "sync") }
  }

  // MARK: Reading

  func show(
    run: Int64, part: Int64, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) -> Bool {
    let extent = Extent(part)
    if extent.count > buffer.count {
      buffer.deallocate()
      buffer = .allocate(byteCount: Int(extent.count), alignment: 16)
    }
    var done = 0
    while done < Int(extent.count) {
      let count = pread(
        descriptor, buffer.baseAddress! + done, Int(extent.count) - done, Int(extent.start) + done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .failedInputOutput(errno, "read") }
      // What power took away before it was synced.
      if count == 0 { break }
      done += count
    }
    if done > 0 { body(UnsafeRawBufferPointer(rebasing: buffer[..<done])) }
    return done > 0
  }

  // MARK: Room

  func release(run: Int64, parts: [Int64]) throws(StoreError) {
    released += parts.map { Extent($0) }
  }

  var owesRoom: Bool { !released.isEmpty || !waiting.isEmpty }

  func reclaim() -> Bool {
    if !released.isEmpty {
      waiting.append((turns.next(), Self.joined(released)))
      released = []
    }
    guard let first = waiting.first, turns.isOver(before: first.turn) else { return false }
    for extent in first.extents { punch(extent) }
    waiting.removeFirst()
    return true
  }

  /// Where the file system has no holes, the room comes back with the end of the day.
  private func punch(_ extent: Extent) {
    _ = latchkey_punch_hole(descriptor, Int(extent.start), Int(extent.count))
  }

  /// What the index does not know of is released.
  func adopt(_ parts: () throws(StoreError) -> [Int64]) throws(StoreError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .failedInputOutput(errno, "find") }
    end = 0
    let rest = Extent(start: Int64(status.st_size), count: 0)
    for extent in Self.joined(try parts().map { Extent($0) }) + [rest] {
      if extent.start > end { released.append(Extent(start: end, count: extent.start - end)) }
      end = max(end, extent.end)
    }
    _ = reclaim()
  }

  /// In order, those that touch as one.
  private static func joined(_ extents: [Extent]) -> [Extent] {
    var joined: [Extent] = []
    for extent in extents.sorted(by: { $0.start < $1.start }) {
      if let last = joined.last, last.end >= extent.start {
        joined[joined.count - 1].count = max(last.end, extent.end) - last.start
      } else {
        joined.append(extent)
      }
    }
    return joined
  }
}

extension StoreError {
  fileprivate static func failedInputOutput(_ errno: Int32, _ what: String) -> StoreError {
    switch errno {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EROFS: .readOnly
    default: .unavailable("cannot \(what) request records: \(String(cString: strerror(errno)))")
    }
  }
}
