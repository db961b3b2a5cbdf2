// A file or standard input in pieces, so that no more of it than a piece is ever held.
internal import Glibc

struct ByteSource {
  private let descriptor: Int32
  private let path: String
  private let isOwn: Bool
  private static let piece = 256 * 1024

  /// - Parameter path: `-` is standard input.
  init(_ path: String) throws(ToolError) {
    isOwn = path != "-"
    self.path = isOwn ? path : "standard input"
    descriptor = isOwn ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO
    guard descriptor >= 0 else {
      throw ToolError(.config, "\(FileError(path: path, code: errno))")
    }
  }

  func close() { if isOwn { _ = Glibc.close(descriptor) } }

  /// Empty at the end.
  func next() throws(ToolError) -> [UInt8] {
    while true {
      var got = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, count in
        got = read(descriptor, buffer.baseAddress, Self.piece)
        count = max(0, got)
      }
      if got >= 0 { return bytes }
      if errno == EINTR { continue }
      throw ToolError(.failure, "\(FileError(path: path, code: errno))")
    }
  }
}

/// The bytes of a source one by one, with the line and column of the next.
struct ByteStream {
  private let source: ByteSource
  private var piece: [UInt8] = []
  private var at = 0
  private(set) var line = 1
  private(set) var column = 1

  init(_ source: ByteSource) throws(ToolError) {
    self.source = source
    piece = try source.next()
    if piece.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
  }

  /// Nil at the end.
  @inline(__always)
  mutating func peek() throws(ToolError) -> UInt8? {
    if at < piece.count { return piece[at] }
    return try refill()
  }

  @inline(never)
  private mutating func refill() throws(ToolError) -> UInt8? {
    if piece.isEmpty { return nil }
    piece = try source.next()
    at = 0
    return piece.first
  }

  /// Past the byte that `peek` gave.
  @inline(__always)
  mutating func advance() {
    if piece[at] == 0x0A {
      line += 1
      column = 1
    } else {
      column += 1
    }
    at += 1
  }

  /// Up to the end of the line, which is taken.
  mutating func skipLine() throws(ToolError) {
    while let byte = try peek() {
      advance()
      if byte == 0x0A { return }
    }
  }
}
