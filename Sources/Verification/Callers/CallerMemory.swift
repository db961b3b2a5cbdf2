// The parts of a caller ledger: a hash of bytes, a table from hashes to numbers, text in one
// piece, and a memory of the calls just seen.
import Glibc

enum ByteHash {
  @inline(__always)
  static func mix(_ hash: inout UInt64, _ word: UInt64) {
    hash = (hash ^ word) &* 0x9FB2_1C65_1E98_DF25
    hash ^= hash >> 32
  }

  /// Eight bytes at a time, the last eight perhaps twice.
  @inline(__always)
  static func mix(_ hash: inout UInt64, _ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return mix(&hash, 0) }
    var at = 0
    while at + 8 <= bytes.count {
      mix(&hash, start.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    if at < bytes.count { mix(&hash, tail(start, at, bytes.count)) }
    hash &+= UInt64(truncatingIfNeeded: bytes.count)
  }

  @inline(__always)
  private static func tail(_ start: UnsafeRawPointer, _ at: Int, _ count: Int) -> UInt64 {
    if count >= 8 { return start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self) }
    var word: UInt64 = 0
    for offset in at..<count {
      word = word << 8 | UInt64(start.load(fromByteOffset: offset, as: UInt8.self))
    }
    return word
  }

  @inline(__always)
  static func finish(_ word: UInt64) -> UInt64 {
    var hash = word
    mix(&hash, 0)
    return hash
  }
}

/// Open addressing; 0 is an empty place, else the number plus one.
struct PlaceTable {
  enum Found {
    case number(Int)
    case free
  }

  private var places: [UInt32]
  private var used = 0

  init(places count: Int) { places = [UInt32](repeating: 0, count: count) }

  func find(_ hash: UInt64, _ matches: (Int) -> Bool) -> Found {
    var at = place(hash)
    while places[at] != 0 {
      let number = Int(places[at]) - 1
      if matches(number) { return .number(number) }
      at = (at + 1) & (places.count - 1)
    }
    return .free
  }

  /// - Parameter hashOf: of a number that is in the table.
  mutating func insert(_ hash: UInt64, _ number: Int, _ hashOf: (Int) -> UInt64) {
    if used * 2 >= places.count { grow(hashOf) }
    put(hash, UInt32(number + 1))
    used += 1
  }

  private mutating func grow(_ hashOf: (Int) -> UInt64) {
    let old = places
    places = [UInt32](repeating: 0, count: old.count * 4)
    for entry in old where entry != 0 { put(hashOf(Int(entry) - 1), entry) }
  }

  private mutating func put(_ hash: UInt64, _ entry: UInt32) {
    var at = place(hash)
    while places[at] != 0 { at = (at + 1) & (places.count - 1) }
    places[at] = entry
  }

  private func place(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash >> 16) & (places.count - 1)
  }
}

/// Byte strings one after the other.
struct ByteArena {
  private var bytes: [UInt8] = []

  /// Where it begins.
  mutating func append(_ other: UnsafeRawBufferPointer) -> Int {
    bytes.append(contentsOf: other)
    return bytes.count - other.count
  }

  subscript(start: Int, count: Int) -> ArraySlice<UInt8> { bytes[start..<(start + count)] }

  @inline(__always)
  func equals(_ start: Int, _ count: Int, _ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let right = other.baseAddress else { return true }
    return bytes.withUnsafeBytes { memcmp($0.baseAddress.unsafelyUnwrapped + start, right, count) }
      == 0
  }
}

/// Which number a call had that came with the same bytes. One place per hash: a newer call takes
/// it.
final class CallerMemo {
  private struct Place {
    var hash: UInt64
    var number: UInt32
    var methodCount: UInt8
    var pathCount: UInt8
  }

  /// Method and path together; longer ones are looked up anew each time.
  private static let textLimit = 114
  private static let stride = 128
  private static let places = 256
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: places * stride, alignment: 64)

  init() {
    for place in 0..<Self.places {
      (memory + place * Self.stride).storeBytes(
        of: Place(hash: 0, number: .max, methodCount: 0, pathCount: 0), as: Place.self)
    }
  }

  deinit { memory.deallocate() }

  @inline(__always)
  private func place(_ hash: UInt64) -> UnsafeMutableRawPointer {
    memory + (Int(truncatingIfNeeded: hash >> 8) & (Self.places - 1)) * Self.stride
  }

  @inline(__always)
  func number(
    _ hash: UInt64, _ method: UnsafeRawBufferPointer, _ path: UnsafeRawBufferPointer
  ) -> UInt32? {
    let place = place(hash)
    let held = place.load(as: Place.self)
    guard held.hash == hash, held.number != .max, Int(held.methodCount) == method.count,
      Int(held.pathCount) == path.count
    else { return nil }
    let text = place + 14
    guard equal(text, method), equal(text + method.count, path) else { return nil }
    return held.number
  }

  func remember(
    _ hash: UInt64, _ number: UInt32, _ method: UnsafeRawBufferPointer,
    _ path: UnsafeRawBufferPointer
  ) {
    guard method.count + path.count <= Self.textLimit else { return }
    let place = place(hash)
    place.storeBytes(
      of: Place(
        hash: hash, number: number, methodCount: UInt8(method.count),
        pathCount: UInt8(path.count)), as: Place.self)
    copy(method, to: place + 14)
    copy(path, to: place + 14 + method.count)
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) {
    if let start = bytes.baseAddress { place.copyMemory(from: start, byteCount: bytes.count) }
  }

  @inline(__always)
  private func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard let start = right.baseAddress else { return true }
    return memcmp(left, start, right.count) == 0
  }
}
