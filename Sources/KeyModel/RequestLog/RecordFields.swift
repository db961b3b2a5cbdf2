// What the data plane knows of a call when it ends, and how it is packed. Packing allocates nothing
// and copies each byte once; it must not look at what the texts say.

/// The door through which a call came.
package enum RequestWay: UInt8, Sendable, CaseIterable {
  case gateway = 0
  case authz
  case verify

  package var name: String {
    switch self {
    case .gateway: "gateway"
    case .authz: "authz"
    case .verify: "verify"
    }
  }
}

/// One call's record on its way into a ring. Ids are bits, zero where there is none; texts are
/// borrowed, as they came, and cut at `RecordLayout`'s limits.
package struct RecordFields {
  /// Made of `time`, so that records sort by it.
  package var id: UInt128 = 0
  /// When the call began.
  package var time = Timestamp(microseconds: 0)
  package var project: UInt128 = 0
  package var account: UInt128 = 0
  package var key: UInt128 = 0
  package var version: UInt128 = 0
  package var application: UInt128 = 0
  /// 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; all zero where it is not known.
  package var addressHigh: UInt64 = 0
  package var addressLow: UInt64 = 0
  /// Of the answer; 0 where none was sent.
  package var status: UInt16 = 0
  package var denial = DecisionCode.valid
  package var way = RequestWay.gateway
  /// Microseconds; what is longer than 71 minutes counts as that.
  package var latency: Int64 = 0
  /// Microseconds; -1 where no upstream was asked.
  package var upstreamLatency: Int64 = -1
  package var bytesIn: UInt64 = 0
  package var bytesOut: UInt64 = 0
  package var environment = UnsafeRawBufferPointer(start: nil, count: 0)
  package var brand = UnsafeRawBufferPointer(start: nil, count: 0)
  package var method = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Without its query.
  package var path = UnsafeRawBufferPointer(start: nil, count: 0)
  package var userAgent = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Captured header lines, `name: value\n`, where a policy asks for them.
  package var headers = UnsafeRawBufferPointer(start: nil, count: 0)

  package init() {}

  /// Bytes that `write` takes.
  @inline(__always)
  package var packedSize: Int {
    RecordLayout.fixed + RecordLayout.cut(environment, RecordLayout.labelLimit)
      + RecordLayout.cut(brand, RecordLayout.labelLimit)
      + RecordLayout.cut(method, RecordLayout.methodLimit)
      + RecordLayout.cut(path, RecordLayout.pathLimit)
      + RecordLayout.cut(userAgent, RecordLayout.agentLimit)
      + RecordLayout.cut(headers, RecordLayout.headersLimit)
  }

  /// Writes the packed form to the start of `out`. Gives its length, or 0 where there is no room.
  @inline(__always)
  package func write(to out: UnsafeMutableRawBufferPointer) -> Int {
    let size = packedSize
    guard size <= out.count else { return 0 }
    fill(UnsafeMutableRawBufferPointer(rebasing: out[..<size]))
    return size
  }

  /// Writes the packed form into room of exactly `packedSize` bytes.
  @inline(__always)
  package func fill(_ room: UnsafeMutableRawBufferPointer) {
    guard let start = room.baseAddress else { return }
    writeNumbers(to: start, size: room.count)
    var at = RecordLayout.fixed
    var field = RecordLayout.lengths
    put(environment, RecordLayout.labelLimit, start, &at, &field)
    put(brand, RecordLayout.labelLimit, start, &at, &field)
    put(method, RecordLayout.methodLimit, start, &at, &field)
    put(path, RecordLayout.pathLimit, start, &at, &field)
    put(userAgent, RecordLayout.agentLimit, start, &at, &field)
    put(headers, RecordLayout.headersLimit, start, &at, &field)
  }

  @inline(__always)
  private func writeNumbers(to start: UnsafeMutableRawPointer, size: Int) {
    typealias Layout = RecordLayout
    store(UInt32(truncatingIfNeeded: size), start, Layout.length)
    store(UInt32(Layout.form) | UInt32(way.rawValue) << 8 | UInt32(denial.rawValue) << 16, start, 4)
    store(id, start, Layout.id)
    store(time.microseconds, start, Layout.time)
    store(project, start, Layout.project)
    store(account, start, Layout.account)
    store(key, start, Layout.key)
    store(version, start, Layout.version)
    store(application, start, Layout.application)
    store(addressHigh, start, Layout.address)
    store(addressLow, start, Layout.address + 8)
    store(bytesIn, start, Layout.bytesIn)
    store(bytesOut, start, Layout.bytesOut)
    store(UInt32(clamping: latency), start, Layout.latency)
    store(
      upstreamLatency < 0 ? UInt32.max : min(UInt32(clamping: upstreamLatency), .max - 1), start,
      Layout.upstreamLatency)
    store(status, start, Layout.status)
  }

  @inline(__always)
  private func store<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, _ start: UnsafeMutableRawPointer, _ offset: Int
  ) {
    start.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }

  @inline(__always)
  private func put(
    _ text: UnsafeRawBufferPointer, _ limit: Int, _ start: UnsafeMutableRawPointer,
    _ at: inout Int, _ field: inout Int
  ) {
    let count = RecordLayout.cut(text, limit)
    store(UInt16(truncatingIfNeeded: count), start, field)
    field += 2
    guard count > 0, let from = text.baseAddress else { return }
    (start + at).copyMemory(from: from, byteCount: count)
    at += count
  }
}
