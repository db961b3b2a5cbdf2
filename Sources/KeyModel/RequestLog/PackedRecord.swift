// The packed form of a request record: the same bytes in the ring, in a block of the log and in a
// run. Little-endian, no padding between records. A reader trusts none of its lengths.

/// Where each field stands. The u16 lengths of the six texts end the fixed part; the texts follow
/// in the order environment, brand, method, path, user agent, headers.
package enum RecordLayout {
  /// The first byte after the length: what this layout is.
  static let form: UInt8 = 1
  static let length = 0
  static let way = 5
  static let denial = 6
  static let id = 8
  static let time = 24
  static let project = 32
  static let account = 48
  static let key = 64
  static let version = 80
  static let application = 96
  static let address = 112
  static let bytesIn = 128
  static let bytesOut = 136
  static let latency = 144
  static let upstreamLatency = 148
  static let status = 152
  static let lengths = 154
  /// Bytes before the texts.
  package static let fixed = 166

  /// Bytes kept of an environment's or brand's name.
  package static let labelLimit = 128
  package static let methodLimit = 32
  package static let pathLimit = 2_048
  package static let agentLimit = 256
  package static let headersLimit = 4_096
  /// Bytes of the longest record.
  package static let maximum =
    fixed + 2 * labelLimit + methodLimit + pathLimit + agentLimit + headersLimit

  /// How much of a text is kept: all, or what fits without half a character at the end.
  @inline(__always)
  package static func cut(_ text: UnsafeRawBufferPointer, _ limit: Int) -> Int {
    text.count <= limit ? text.count : whole(text, limit)
  }

  @inline(never)
  private static func whole(_ text: UnsafeRawBufferPointer, _ limit: Int) -> Int {
    var end = limit
    // The byte after the cut continues a character that began at most three bytes before.
    while end > limit - 4, text[end] & 0xC0 == 0x80 { end -= 1 }
    return text[end] & 0xC0 == 0x80 ? limit : end
  }
}

/// A record read in place. Valid as long as the bytes are.
package struct PackedRecord {
  private let start: UnsafeRawPointer
  /// Bytes of the whole record.
  package let size: Int

  /// Nil where no whole, sound record begins at `offset`.
  @inline(__always)
  package init?(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    let left = bytes.count - offset
    guard offset >= 0, left >= RecordLayout.fixed, let base = bytes.baseAddress else { return nil }
    start = base + offset
    size = Int(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
    guard size >= RecordLayout.fixed, size <= left,
      start.load(fromByteOffset: 4, as: UInt8.self) == RecordLayout.form
    else { return nil }
    var texts = 0
    for field in 0..<6 { texts += count(field) }
    guard texts == size - RecordLayout.fixed else { return nil }
  }

  @inline(__always) package var id: UInt128 { load(RecordLayout.id) }
  @inline(__always) package var time: Int64 { load(RecordLayout.time) }
  @inline(__always) package var project: UInt128 { load(RecordLayout.project) }
  @inline(__always) package var account: UInt128 { load(RecordLayout.account) }
  @inline(__always) package var key: UInt128 { load(RecordLayout.key) }
  @inline(__always) package var version: UInt128 { load(RecordLayout.version) }
  @inline(__always) package var application: UInt128 { load(RecordLayout.application) }
  package var addressHigh: UInt64 { load(RecordLayout.address) }
  package var addressLow: UInt64 { load(RecordLayout.address + 8) }
  package var bytesIn: UInt64 { load(RecordLayout.bytesIn) }
  package var bytesOut: UInt64 { load(RecordLayout.bytesOut) }
  package var latency: UInt32 { load(RecordLayout.latency) }
  /// Nil where no upstream was asked.
  package var upstreamLatency: UInt32? {
    let stored: UInt32 = load(RecordLayout.upstreamLatency)
    return stored == .max ? nil : stored
  }
  @inline(__always) package var status: UInt16 { load(RecordLayout.status) }
  @inline(__always) package var denialByte: UInt8 { load(RecordLayout.denial) }
  @inline(__always) package var wayByte: UInt8 { load(RecordLayout.way) }

  /// Whose log the record stands in: the account's, or the project's where no account is known.
  @inline(__always)
  package var owner: UInt128 {
    let account = account
    return account != 0 ? account : project
  }

  package var environment: UnsafeRawBufferPointer { text(0) }
  package var brand: UnsafeRawBufferPointer { text(1) }
  @inline(__always) package var method: UnsafeRawBufferPointer { text(2) }
  @inline(__always) package var path: UnsafeRawBufferPointer { text(3) }
  package var userAgent: UnsafeRawBufferPointer { text(4) }
  package var headers: UnsafeRawBufferPointer { text(5) }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: size) }

  @inline(__always)
  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> T {
    T(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  @inline(__always)
  private func count(_ field: Int) -> Int {
    let stored: UInt16 = load(RecordLayout.lengths + 2 * field)
    return Int(stored)
  }

  /// The lengths were found to add up to the record's size.
  @inline(__always)
  private func text(_ field: Int) -> UnsafeRawBufferPointer {
    var at = RecordLayout.fixed
    for before in 0..<field { at += count(before) }
    return UnsafeRawBufferPointer(start: start + at, count: count(field))
  }
}

/// Records that stand one after the other. Ends at the first that is not sound.
package struct PackedRecords: Sequence, IteratorProtocol {
  private let bytes: UnsafeRawBufferPointer
  /// Where the next record begins; after the last one, the bytes that were read.
  package private(set) var offset: Int

  @inline(__always)
  package init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  @inline(__always)
  package mutating func next() -> PackedRecord? {
    guard let record = PackedRecord(bytes, at: offset) else { return nil }
    offset += record.size
    return record
  }
}
