// Takes the framing off a body, piece by piece, without copying it. Trailers are checked and
// dropped. Must not hold body bytes: what it says is `data` lies in the caller's buffer.

struct BodyDecoder {
  enum Step: Equatable {
    /// `count` bytes of body from `start` on.
    case data(start: Int, count: Int)
    case more, ended, malformed
  }

  private enum State: UInt8 {
    case ended, length, untilClose
    case sizeStart, size, chunkExtension, sizeLineFeed, chunk, chunkReturn, chunkLineFeed
    case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
  }

  /// For one chunk's extension and for all lines of overhead together.
  static let extensionBytes = 256
  static let overheadBytes = 16 * 1024
  private static let sizeDigits = 16

  private var state = State.ended
  /// Of the body, or of the current chunk.
  private(set) var remaining = 0
  private var lineBytes = 0
  private var overhead = 0

  static let none = BodyDecoder()

  static func length(_ count: Int) -> BodyDecoder {
    var decoder = BodyDecoder()
    decoder.state = count > 0 ? .length : .ended
    decoder.remaining = count
    return decoder
  }

  static var chunked: BodyDecoder {
    var decoder = BodyDecoder()
    decoder.state = .sizeStart
    return decoder
  }

  static var untilClose: BodyDecoder {
    var decoder = BodyDecoder()
    decoder.state = .untilClose
    return decoder
  }

  var isEnded: Bool { state == .ended }
  var endsWithConnection: Bool { state == .untilClose }
  var isChunked: Bool { state.rawValue >= State.sizeStart.rawValue }

  /// Reads `cursor..<end` and moves `cursor` past what it took. Call again after `data`.
  mutating func decode(_ base: BytePointer, _ cursor: inout Int, _ end: Int) -> Step {
    switch state {
    case .ended: return .ended
    case .untilClose:
      guard cursor < end else { return .more }
      defer { cursor = end }
      return .data(start: cursor, count: end - cursor)
    case .length, .chunk:
      if remaining > 0 {
        guard cursor < end else { return .more }
        let count = min(remaining, end - cursor)
        let start = cursor
        cursor += count
        remaining -= count
        if remaining == 0 { state = state == .length ? .ended : .chunkReturn }
        return .data(start: start, count: count)
      }
      state = state == .length ? .ended : .chunkReturn
      return decode(base, &cursor, end)
    default:
      return decodeFraming(base, &cursor, end)
    }
  }

  private mutating func decodeFraming(
    _ base: BytePointer, _ cursor: inout Int, _ end: Int
  ) -> Step {
    while cursor < end {
      let byte = base[cursor]
      cursor += 1
      let isGood =
        state.rawValue < State.trailerStart.rawValue ? takeSize(byte) : takeTrailer(byte)
      guard isGood else { return .malformed }
      if state == .ended { return .ended }
      if state == .chunk { return decode(base, &cursor, end) }
    }
    return .more
  }

  private mutating func takeSize(_ byte: UInt8) -> Bool {
    switch state {
    case .sizeStart:
      guard let digit = Byte.hexValue(byte) else { return false }
      (state, remaining, lineBytes) = (.size, Int(digit), 1)
      return true
    case .size:
      if byte == Byte.carriageReturn { return enter(.sizeLineFeed) }
      if byte == Byte.semicolon {
        lineBytes = 0
        return enter(.chunkExtension)
      }
      guard let digit = Byte.hexValue(byte), lineBytes < Self.sizeDigits,
        remaining <= Int.max >> 4
      else { return false }
      remaining = remaining << 4 | Int(digit)
      lineBytes += 1
      return true
    case .chunkExtension:
      if byte == Byte.carriageReturn { return enter(.sizeLineFeed) }
      lineBytes += 1
      return Byte.isText(byte) && lineBytes <= Self.extensionBytes && spend()
    case .sizeLineFeed:
      return byte == Byte.lineFeed && enter(remaining == 0 ? .trailerStart : .chunk)
    case .chunkReturn: return byte == Byte.carriageReturn && enter(.chunkLineFeed)
    case .chunkLineFeed: return byte == Byte.lineFeed && enter(.sizeStart)
    default: return false
    }
  }

  private mutating func takeTrailer(_ byte: UInt8) -> Bool {
    guard spend() else { return false }
    switch state {
    case .trailerStart:
      if byte == Byte.carriageReturn { return enter(.lastLineFeed) }
      return Byte.isToken(byte) && enter(.trailerName)
    case .trailerName:
      return Byte.isToken(byte) || (byte == Byte.colon && enter(.trailerValue))
    case .trailerValue:
      return Byte.isText(byte) || (byte == Byte.carriageReturn && enter(.trailerLineFeed))
    case .trailerLineFeed: return byte == Byte.lineFeed && enter(.trailerStart)
    case .lastLineFeed: return byte == Byte.lineFeed && enter(.ended)
    default: return false
    }
  }

  private mutating func enter(_ next: State) -> Bool {
    state = next
    return true
  }

  private mutating func spend() -> Bool {
    overhead += 1
    return overhead <= Self.overheadBytes
  }
}
