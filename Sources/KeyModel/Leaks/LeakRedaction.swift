// Takes out of a finder's words what must not go on record: what was found, what else looks like a
// key of the project or is one, and the user and password of a URL. Percent-encoded, too, also more
// than once: a place is often a URL within another.

package struct LeakRedaction {
  /// Longer texts are cut before they are read.
  package static let maximumBytes = 2048
  private static let mark = "[redacted]"
  /// How often a text is decoded; `firstSecret` does it once more.
  private static let rounds = 3

  private let found: [[UInt8]]
  private let matcher: TokenMatcher
  private let shortest: Int

  /// - Parameters:
  ///   - found: what the finder reported; nil where he named a key by its id.
  ///   - imports: the project took over keys of any form.
  package init(found: String?, _ matcher: TokenMatcher, imports: Bool) {
    self.found = found.map { LeakedText.candidates($0).map { Array($0.utf8) } } ?? []
    self.matcher = matcher
    shortest = matcher.shortestSecret(imports: imports)
  }

  /// The text as it may go on record.
  /// - Parameters:
  ///   - longest: characters of what is left.
  ///   - isKey: whether a text that need not look like one is a key.
  package func callAsFunction(
    _ text: String, longest: Int, isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> String {
    // Left out first: what stands between two halves of a token makes it none.
    let printable = text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }
    let cut = Self.cut(Array(String(String.UnicodeScalarView(printable)).utf8))
    // Before words are looked at, so that a host is not taken for a part of its user's secret.
    let bytes = Self.without(Self.users(in: cut), cut)
    var ranges: [Range<Int>] = []
    var layer = Layer(bytes)
    for _ in 0..<Self.rounds {
      ranges += try secrets(in: layer.bytes, isKey).map(layer.origin)
      ranges += Self.users(in: layer.bytes).map(layer.origin)
      guard let next = layer.decoded() else { break }
      layer = next
    }
    let text = String(decoding: Self.without(ranges, bytes), as: UTF8.self)
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest)))
  }

  /// What is left has whole words only: half a token would not be known for what it is.
  private static func cut(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > maximumBytes else { return bytes }
    let kept = bytes[..<maximumBytes]
    let end = kept.lastIndex(where: TokenMatcher.endsWord) ?? 0
    return Array(kept[..<end])
  }

  /// From `//` to the last `@` before the host ends.
  private static func users(in bytes: [UInt8]) -> [Range<Int>] {
    let slash = UInt8(ascii: "/")
    var ranges: [Range<Int>] = []
    var at = 0
    while at + 1 < bytes.count {
      guard bytes[at] == slash, bytes[at + 1] == slash else {
        at += 1
        continue
      }
      let begin = at + 2
      let rest = bytes[begin...]
      let end = rest.firstIndex { [slash, 0x3F, 0x23, 0x20].contains($0) } ?? bytes.count
      if let user = bytes[begin..<end].lastIndex(of: UInt8(ascii: "@")), user > begin {
        ranges.append(begin..<user)
      }
      at = max(end, begin - 1)
    }
    return ranges
  }

  private func secrets(
    in bytes: [UInt8], _ isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for text in found where bytes.count >= text.count {
      for at in 0...(bytes.count - text.count)
      where bytes[at] == text[0] && bytes[at..<(at + text.count)].elementsEqual(text) {
        ranges.append(at..<(at + text.count))
      }
    }
    try bytes.withUnsafeBytes { bytes in
      var at = 0
      while let word = try matcher.firstSecret(
        in: bytes, from: at, shortest: shortest, isKey: isKey)
      {
        ranges.append(word)
        at = word.upperBound
      }
    }
    return ranges
  }

  private static func without(_ ranges: [Range<Int>], _ bytes: [UInt8]) -> [UInt8] {
    var kept: [UInt8] = []
    var at = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound >= at {
        kept += bytes[at..<range.lowerBound] + Array(mark.utf8)
      }
      at = max(at, range.upperBound)
    }
    return kept + bytes[at...]
  }
}

/// A text, decoded so many times, that knows what of the first one each byte stands for.
private struct Layer {
  let bytes: [UInt8]
  /// One more than there are bytes: where each begins, and where the last ends.
  private let origins: [Int]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    origins = Array(0...bytes.count)
  }

  private init(_ bytes: [UInt8], _ origins: [Int]) {
    self.bytes = bytes
    self.origins = origins
  }

  func origin(_ range: Range<Int>) -> Range<Int> {
    origins[range.lowerBound]..<origins[range.upperBound]
  }

  /// Nil where nothing is encoded.
  func decoded() -> Layer? {
    guard bytes.contains(UInt8(ascii: "%")) else { return nil }
    var plain: [UInt8] = []
    var starts: [Int] = []
    bytes.withUnsafeBytes { bytes in
      var at = 0
      while at < bytes.count {
        let byte = bytes[at] == UInt8(ascii: "%") ? Percent.decode(bytes, at: at) : nil
        plain.append(byte ?? bytes[at])
        starts.append(origins[at])
        at += byte == nil ? 1 : 3
      }
    }
    guard plain.count < bytes.count else { return nil }
    return Layer(plain, starts + [origins[bytes.count]])
  }
}
