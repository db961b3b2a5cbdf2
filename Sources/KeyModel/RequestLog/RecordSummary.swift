// What is inside a block or a run of records, in a few hundred bytes, so that a query can pass over
// what holds nothing for it. It may say yes wrongly, never no.

/// Which of the two a summary is of. A run's leaves out what would fill it: long path prefixes.
package enum SummaryScope: Sendable {
  case block, run

  /// Bytes of the Bloom filter; its bits are a power of two.
  var bloom: Int {
    switch self {
    case .block: 512
    case .run: 8_192
    }
  }

  /// Prefixes of paths are known at each four bytes, up to so many fours.
  var pathWords: Int {
    switch self {
    case .block: 5
    case .run: 2
    }
  }
}

/// One bit each for statuses, classes, denials and methods, then a Bloom filter (three bits a tag)
/// of keys, brands and path prefixes of a few lengths.
package struct RecordSummary {
  static let plainBytes = 64
  private static let statusBits = 448
  private static let denialBase = 448
  private static let classBase = 480
  private static let methodBase = 488
  private static let methodBits: UInt64 = 24

  private let scope: SummaryScope
  package private(set) var bytes: [UInt8]
  private var lastKey = Self.tag(key: 0)
  private var lastBrand: UInt64 = 0

  package init(_ scope: SummaryScope) {
    self.scope = scope
    bytes = [UInt8](repeating: 0, count: Self.plainBytes + scope.bloom)
  }

  /// The key and brand of the record before are not set again, which most would be.
  @inline(__always)
  package mutating func add(_ tags: RecordTags) {
    let (newKey, newBrand) = (tags.key != lastKey, tags.brand != lastBrand)
    let prefixes = min(tags.prefixCount, scope.pathWords)
    bytes.withUnsafeMutableBytes { out in
      Self.set(out, Self.bit(status: tags.status))
      Self.set(out, Self.bit(class: tags.status / 100))
      Self.set(out, Self.bit(denial: tags.denial))
      Self.set(out, tags.methodBit)
      let bloom = UnsafeMutableRawBufferPointer(rebasing: out[Self.plainBytes...])
      if newKey { Self.setBloom(bloom, tags.key) }
      if newBrand { Self.setBloom(bloom, tags.brand) }
      for number in 0..<prefixes { Self.setBloom(bloom, tags.prefixes[number]) }
    }
    (lastKey, lastBrand) = (tags.key, tags.brand)
  }

  static func bit(status: UInt16) -> Int { Int(status) % statusBits }
  static func bit(denial: UInt8) -> Int { denialBase + Int(denial & 31) }
  static func bit(class hundreds: UInt16) -> Int { classBase + Int(hundreds & 7) }
  static func bit(method: UnsafeRawBufferPointer) -> Int {
    methodBase + Int(TagHash.bytes(method, seed: 1) % methodBits)
  }

  static func tag(key: UInt128) -> UInt64 {
    TagHash.mix(
      TagHash.mix(2, UInt64(truncatingIfNeeded: key)), UInt64(truncatingIfNeeded: key >> 64))
  }
  static func tag(brand: UnsafeRawBufferPointer) -> UInt64 { TagHash.bytes(brand, seed: 3) }

  @inline(__always)
  private static func set(_ out: UnsafeMutableRawBufferPointer, _ bit: Int) {
    out[bit >> 3] |= 1 << UInt8(bit & 7)
  }

  @inline(__always)
  private static func setBloom(_ bloom: UnsafeMutableRawBufferPointer, _ tag: UInt64) {
    let mask = UInt64(bloom.count * 8 - 1)
    set(bloom, Int(tag & mask))
    set(bloom, Int(tag >> 21 & mask))
    set(bloom, Int(tag >> 42 & mask))
  }

  static func isSet(_ bytes: UnsafeRawBufferPointer, _ bit: Int) -> Bool {
    bytes[bit >> 3] >> UInt8(bit & 7) & 1 == 1
  }

  static func holds(_ bloom: UnsafeRawBufferPointer, _ tag: UInt64) -> Bool {
    let mask = UInt64(bloom.count * 8 - 1)
    return isSet(bloom, Int(tag & mask)) && isSet(bloom, Int(tag >> 21 & mask))
      && isSet(bloom, Int(tag >> 42 & mask))
  }
}

/// What summaries keep of one record, worked out once for all of them.
package struct RecordTags {
  let status: UInt16
  let denial: UInt8
  let methodBit: Int
  let key: UInt64
  /// 0 where there is none.
  let brand: UInt64
  /// Of the path's first words, as many as any summary knows.
  private(set) var prefixes = SIMD8<UInt64>()
  private(set) var prefixCount = 0

  @inline(__always)
  package init(_ record: PackedRecord) {
    status = record.status
    denial = record.denialByte
    methodBit = RecordSummary.bit(method: record.method)
    key = RecordSummary.tag(key: record.key)
    brand = record.brand.isEmpty ? 0 : RecordSummary.tag(brand: record.brand)
    TagHash.prefixes(record.path, words: SummaryScope.block.pathWords) { tag in
      prefixes[prefixCount] = tag
      prefixCount += 1
    }
  }
}

/// The hash of tags. It is stored: it must never change.
enum TagHash {
  @inline(__always)
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    var mixed = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 29
    mixed = mixed &* 0xBF58_476D_1CE4_E5B9
    return mixed ^ mixed >> 32
  }

  @inline(__always)
  static func bytes(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    var hash = mix(seed, UInt64(bytes.count))
    var word: UInt64 = 0
    for (at, byte) in bytes.enumerated() {
      word = word << 8 | UInt64(byte)
      if at & 7 == 7 { hash = mix(hash, word) }
    }
    return mix(hash, word)
  }

  /// Tags of a path's first 4, 8, 12 … bytes, as far as it reaches and `words` goes.
  @inline(__always)
  static func prefixes(_ path: UnsafeRawBufferPointer, words: Int, _ body: (UInt64) -> Void) {
    var hash: UInt64 = 4
    for word in 0..<min(words, path.count / 4) {
      let four = path.loadUnaligned(fromByteOffset: 4 * word, as: UInt32.self)
      hash = mix(hash, UInt64(UInt32(littleEndian: four)))
      body(hash)
    }
  }
}

extension RecordMatcher {
  /// False where no record of the block or run can fit. A summary of a length that is not known may
  /// hold anything.
  package func mayFit(_ summary: UnsafeRawBufferPointer, _ scope: SummaryScope) -> Bool {
    guard summary.count == RecordSummary.plainBytes + scope.bloom else { return true }
    switch status {
    case .exact(let code):
      if !RecordSummary.isSet(summary, RecordSummary.bit(status: code)) { return false }
    case .hundreds(let hundreds):
      if !RecordSummary.isSet(summary, RecordSummary.bit(class: hundreds)) { return false }
    case nil: break
    }
    if let denial, !RecordSummary.isSet(summary, RecordSummary.bit(denial: denial)) { return false }
    if let method {
      let bit = method.withUnsafeBytes { RecordSummary.bit(method: $0) }
      if !RecordSummary.isSet(summary, bit) { return false }
    }
    let bloom = UnsafeRawBufferPointer(rebasing: summary[RecordSummary.plainBytes...])
    return tags(scope).allSatisfy { RecordSummary.holds(bloom, $0) }
  }

  private func tags(_ scope: SummaryScope) -> [UInt64] {
    var tags: [UInt64] = []
    if let key { tags.append(RecordSummary.tag(key: key)) }
    if let brand, !brand.isEmpty {
      tags.append(brand.withUnsafeBytes { RecordSummary.tag(brand: $0) })
    }
    if let pathPrefix {
      // The longest prefix that a summary knows and the query's reaches.
      var longest: UInt64?
      pathPrefix.withUnsafeBytes { prefix in
        TagHash.prefixes(prefix, words: scope.pathWords) { longest = $0 }
      }
      if let longest { tags.append(longest) }
    }
    return tags
  }
}
