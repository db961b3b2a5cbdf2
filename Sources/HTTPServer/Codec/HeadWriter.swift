// Writes response heads and chunk framing. Framing fields are written here and nowhere else, so
// that no handler can produce an ambiguous answer.

struct HeadWriter {
  /// What the head says about the body.
  enum Length {
    case bytes(Int)
    case chunked
    case unsaid
  }

  /// More than any head takes besides its header block.
  static let ownBytes = StatusLine.maximumBytes + DateLine.count + 96

  private let out: UnsafeMutablePointer<UInt8>
  private(set) var count = 0

  /// `out` must have room for `ownBytes` and the header block.
  init(_ out: UnsafeMutablePointer<UInt8>) { self.out = out }

  @inline(__always)
  mutating func status(_ status: Int, date: UnsafePointer<UInt8>) {
    count &+= StatusLine.write(status, to: out + count)
    raw(UnsafeRawPointer(date), DateLine.count)
  }

  @inline(__always)
  mutating func fields(_ block: UnsafeRawBufferPointer) {
    if let start = block.baseAddress { raw(start, block.count) }
  }

  @inline(__always)
  mutating func finish(_ length: Length, keepsAlive: Bool, isHTTP11: Bool) {
    switch length {
    case .bytes(let bytes):
      text("Content-Length: ")
      decimal(bytes)
      text("\r\n")
    case .chunked: text("Transfer-Encoding: chunked\r\n")
    case .unsaid: break
    }
    if !keepsAlive {
      text("Connection: close\r\n")
    } else if !isHTTP11 {
      text("Connection: keep-alive\r\n")
    }
    text("\r\n")
  }

  @inline(__always)
  mutating func raw(_ start: UnsafeRawPointer, _ bytes: Int) {
    UnsafeMutableRawPointer(out + count).copyMemory(from: start, byteCount: bytes)
    count &+= bytes
  }

  @inline(__always)
  mutating func text(_ text: StaticString) { count &+= StatusLine.copy(text, to: out + count) }

  private mutating func decimal(_ value: Int) {
    var rest = value
    var digits = 1
    while rest >= 10 {
      rest /= 10
      digits &+= 1
    }
    count &+= digits
    rest = value
    for place in 1...digits {
      out[count &- place] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }

  /// Writes the size line of a chunk.
  mutating func chunkSize(_ size: Int) {
    var shift = 60
    while shift > 0, size >> shift == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: size >> shift & 15)
      out[count] = digit < 10 ? 0x30 + digit : 0x57 + digit
      count &+= 1
      shift -= 4
    }
    text("\r\n")
  }
}
