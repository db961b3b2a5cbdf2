// Cuts records that come in the order of a run into blocks, and keeps what has to be known of each
// block and of the whole run. Must not look at a record's texts.
internal import KeyModel

/// The order of records in a run: whose they are, then when they began.
struct RecordPosition: Comparable {
  var owner: UInt128
  var id: UInt128

  @inline(__always)
  static func < (left: Self, right: Self) -> Bool {
    left.owner < right.owner || left.owner == right.owner && left.id < right.id
  }
}

/// A piece of a run: the unit that is read and passed over.
struct RecordBlock {
  /// From 0 within its run.
  var part: Int64
  var first: RecordPosition
  var last: RecordPosition
  var count: Int64
  /// Empty where the block is too small for one to be worth it.
  var summary: [UInt8]
  var data: [UInt8]
}

/// What is known of a run as a whole.
struct RunHead {
  var records: Int64 = 0
  var firstID = UInt128.max
  var lastID: UInt128 = 0
  var summary: [UInt8] = []
}

struct RunBuilder {
  /// Packed bytes of a block at most.
  static let blockBytes = 65_536
  /// Fewer records than this have no summary, fewer blocks than this none for their run.
  private static let smallBlock = 32
  private static let smallRun = 8

  private(set) var head = RunHead()
  private var summary = RecordSummary(.run)
  private var blockSummary = RecordSummary(.block)
  private var part: Int64 = 0
  private var first = RecordPosition(owner: 0, id: 0)
  private var last = RecordPosition(owner: 0, id: 0)
  private var count: Int64 = 0
  private var data: [UInt8] = []

  /// Gives the block that was full before this record.
  @inline(__always)
  mutating func add(_ record: PackedRecord, at position: RecordPosition) -> RecordBlock? {
    let full = data.count + record.size > Self.blockBytes ? takeBlock() : nil
    if count == 0 {
      first = position
      data.reserveCapacity(Self.blockBytes)
    }
    last = position
    count += 1
    data.append(contentsOf: record.bytes)
    let tags = RecordTags(record)
    blockSummary.add(tags)
    summary.add(tags)
    head.firstID = min(head.firstID, position.id)
    head.lastID = max(head.lastID, position.id)
    return full
  }

  /// The records that are not in a block yet; nil where there are none.
  mutating func takeBlock() -> RecordBlock? {
    guard count > 0 else { return nil }
    let block = RecordBlock(
      part: part, first: first, last: last, count: count,
      summary: count < Self.smallBlock ? [] : blockSummary.bytes, data: data)
    part += 1
    head.records += count
    count = 0
    data = []
    blockSummary = RecordSummary(.block)
    return block
  }

  /// After the last block.
  func finish() -> RunHead {
    var whole = head
    whole.summary = part < Self.smallRun ? [] : summary.bytes
    return whole
  }
}
