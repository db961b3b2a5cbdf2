// Who presented which version at one worker since the last hand-over. Each call finds its row by
// one hash and one comparison of the bytes as they came; only a call unlike those before it is
// looked at more closely. All of it is bounded: rows, callers of one version, bytes of text.
import KeyModel

/// Written by its worker alone; once handed over, read by whoever took it.
package final class CallerLedger: @unchecked Sendable {
  // Unchecked: the worker gives its only reference away before another thread reads.

  /// Rows of all versions together. A row is 96 bytes and its texts 288 at most, so a full ledger
  /// is 3 MB as a rule and 6 MB at worst.
  package static let rowLimit = 16_384

  struct Row {
    var version: UInt128
    var key: UInt128
    var addressHigh: UInt64
    var addressLow: UInt64
    var hash: UInt64
    var lastSeen: Int64
    var calls: Int64
    var text: UInt32
    var agentCount: UInt16
    var routeCount: UInt16
  }

  /// One version's callers, and those of them that have no row.
  struct Head {
    var version: UInt128
    var key: UInt128
    var rows = 0
    var otherCalls: Int64 = 0
    var othersLastSeen: Int64 = 0
  }

  private(set) var rows: [Row] = []
  private(set) var text = ByteArena()
  private var index = PlaceTable(places: 256)
  private(set) var heads: [Head] = []
  private var headIndex = PlaceTable(places: 256)
  private let memo = CallerMemo()
  private static let texts = 64
  /// The newest pair of texts of each hash: where it begins, and how long each of them is.
  private var latestTexts = [(start: Int, agent: Int, route: Int)](
    repeating: (0, 0, 0), count: texts)
  private let shape = UnsafeMutableRawBufferPointer.allocate(
    byteCount: RouteShape.byteLimit, alignment: 8)

  init() {}
  deinit { shape.deallocate() }

  /// Whoever has a row has a head.
  package var isEmpty: Bool { heads.isEmpty }

  @inline(__always)
  func note(version: UInt128, key: UInt128, _ seen: Presentation, now: Int64) {
    var agent = seen.userAgent
    if agent.count > CallerText.byteLimit {
      agent = UnsafeRawBufferPointer(rebasing: agent[..<CallerText.byteLimit])
    }
    var hash = Self.hash(version, seen, agent)
    ByteHash.mix(&hash, seen.method)
    ByteHash.mix(&hash, seen.path)
    if let number = memo.row(hash, seen.method, seen.path), matches(number, version, seen, agent) {
      rows[number].calls += 1
      rows[number].lastSeen = now
      return
    }
    search(version, key, seen, agent, hash, now)
  }

  /// Of what a row is about, its route aside: of that the bytes as they came are mixed in, or its
  /// shape.
  @inline(__always)
  private static func hash(
    _ version: UInt128, _ seen: Presentation, _ agent: UnsafeRawBufferPointer
  ) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: version) ^ seen.addressLow &* 0x9E37_79B9_7F4A_7C15
    ByteHash.mix(&hash, seen.addressHigh)
    ByteHash.mix(&hash, agent)
    return hash
  }

  @inline(__always)
  private func matches(
    _ number: Int, _ version: UInt128, _ seen: Presentation, _ agent: UnsafeRawBufferPointer
  ) -> Bool {
    rows.withUnsafeBufferPointer { rows in
      let row = rows.baseAddress.unsafelyUnwrapped + number
      return row.pointee.version == version && row.pointee.addressLow == seen.addressLow
        && row.pointee.addressHigh == seen.addressHigh
        && text.equals(Int(row.pointee.text), Int(row.pointee.agentCount), agent)
    }
  }

  @inline(never)
  private func search(
    _ version: UInt128, _ key: UInt128, _ seen: Presentation, _ agent: UnsafeRawBufferPointer,
    _ memoHash: UInt64, _ now: Int64
  ) {
    let length = RouteShape.write(method: seen.method, path: seen.path, to: shape)
    let route = UnsafeRawBufferPointer(rebasing: shape[..<length])
    var hash = Self.hash(version, seen, agent)
    ByteHash.mix(&hash, route)
    let found = index.find(hash) { number in
      rows[number].hash == hash && matches(number, version, seen, agent)
        && text.equals(
          Int(rows[number].text) + agent.count, Int(rows[number].routeCount), route)
    }
    switch found {
    case .number(let number):
      rows[number].calls += 1
      rows[number].lastSeen = now
      memo.remember(memoHash, number, seen.method, seen.path)
    case .free:
      // Without any room left for its version a call is not kept; safe delete asks the version's
      // last use as well.
      guard let head = head(version, key) else { return }
      guard heads[head].rows < KeyCaller.perVersion, rows.count < Self.rowLimit else {
        heads[head].otherCalls += 1
        heads[head].othersLastSeen = now
        return
      }
      heads[head].rows += 1
      let start = place(of: agent, route)
      index.insert(hash, rows.count) { rows[$0].hash }
      rows.append(
        Row(
          version: version, key: key, addressHigh: seen.addressHigh,
          addressLow: seen.addressLow, hash: hash, lastSeen: now, calls: 1,
          text: UInt32(start), agentCount: UInt16(agent.count), routeCount: UInt16(length)))
      memo.remember(memoHash, rows.count - 1, seen.method, seen.path)
    }
  }

  /// Where the two texts begin, one behind the other. Callers with the same mostly come together,
  /// so they share the bytes, which then are near at hand when a call is compared with them.
  private func place(of agent: UnsafeRawBufferPointer, _ route: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0
    ByteHash.mix(&hash, agent)
    ByteHash.mix(&hash, route)
    let known = Int(truncatingIfNeeded: hash >> 32) & (Self.texts - 1)
    let (start, agentCount, routeCount) = latestTexts[known]
    if agentCount == agent.count, routeCount == route.count, text.equals(start, agent.count, agent),
      text.equals(start + agent.count, route.count, route)
    {
      return start
    }
    let fresh = text.append(agent)
    _ = text.append(route)
    latestTexts[known] = (fresh, agent.count, route.count)
    return fresh
  }

  private func head(_ version: UInt128, _ key: UInt128) -> Int? {
    let hash = ByteHash.finish(UInt64(truncatingIfNeeded: version))
    if case .number(let number) = headIndex.find(hash, { heads[$0].version == version }) {
      return number
    }
    guard heads.count < Self.rowLimit else { return nil }
    headIndex.insert(hash, heads.count) {
      ByteHash.finish(UInt64(truncatingIfNeeded: heads[$0].version))
    }
    heads.append(Head(version: version, key: key))
    return heads.count - 1
  }
}
