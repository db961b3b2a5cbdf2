// Where the values of a JSON text stand, for messages about their meaning: lines and columns by
// pointer.

package struct TextPlace: Hashable, Sendable {
  /// From 1; line feeds count.
  package var line: Int
  /// From 1, in Unicode scalars, so that a caret can be put below it.
  package var column: Int

  init(_ offset: Int, in bytes: UnsafeRawBufferPointer) {
    let before = bytes[..<min(offset, bytes.count)]
    line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    column = before[start...].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
  }
}

package struct JSONPlaces: Sendable {
  private let bytes: [UInt8]
  private let offsets: [[String]: Int]

  /// Of a text that `JSONReader.read(bytes, comments: true)` takes.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offsets = bytes.withUnsafeBytes { buffer in
      var parser = JSONParser(
        bytes: buffer, comments: true, maximumDepth: JSONReader.defaultMaximumDepth)
      parser.trail = JSONTrail()
      _ = try? parser.document()
      return parser.trail?.offsets ?? [:]
    }
  }

  /// The member's name or the element at the pointer; where nothing stands there, what is nearest
  /// around it. Nil where that is the whole document.
  package func place(of pointer: JSONPointer) -> TextPlace? {
    var tokens = pointer.tokens
    while !tokens.isEmpty {
      if let offset = offsets[tokens] { return bytes.withUnsafeBytes { TextPlace(offset, in: $0) } }
      tokens.removeLast()
    }
    return nil
  }
}

/// What a parser passed, kept only where somebody asks for it.
struct JSONTrail {
  private(set) var offsets: [[String]: Int] = [:]
  private var path: [String] = []

  mutating func enter(_ token: String, at offset: Int) {
    path.append(token)
    offsets[path] = offset
  }

  mutating func leave() { path.removeLast() }
}
