// A Swift file as the rules read it: once as it stands, once with comments and literals blanked,
// once with nothing but its literals. A reader of characters, not a parser of the language.

/// One file of the tree. `path` is relative to the root of the repository, with `/`.
struct SourceText: Sendable {
  let path: String
  let lines: [String]
  /// `lines` with comments and string contents turned to spaces; interpolated code stays.
  let code: [String]
  /// `lines` with everything but string contents turned to spaces.
  let literals: [String]

  init(path: String, text: String) {
    self.path = path
    lines = Self.split(Array(text.utf8))
    guard path.hasSuffix(".swift") else {
      (code, literals) = (lines, lines)
      return
    }
    var reader = Blanker(Array(text.utf8))
    reader.run()
    code = Self.split(reader.code)
    literals = Self.split(reader.literals)
  }

  /// The target a source file belongs to: `Sources/Crypto/Secret.swift` is Crypto's.
  var module: String? {
    let parts = path.split(separator: "/")
    return parts.count >= 3 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  private static func split(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Walks a Swift file's bytes and sorts each into code, literal or comment.
struct Blanker {
  private enum State {
    case code(parentheses: Int)
    case literal(hashes: Int, multiline: Bool)
  }

  private let bytes: [UInt8]
  private(set) var code: [UInt8]
  private(set) var literals: [UInt8]
  private var at = 0
  private var stack: [State] = [.code(parentheses: 0)]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let blank = bytes.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
    code = blank
    literals = blank
  }

  mutating func run() {
    while at < bytes.count {
      switch stack.last! {
      case .code(let parentheses): readCode(parentheses)
      case .literal(let hashes, let multiline): readLiteral(hashes, multiline)
      }
    }
  }

  private mutating func readCode(_ parentheses: Int) {
    if starts("//") { return skipLine() }
    if starts("/*") { return skipBlock() }
    if let (hashes, multiline) = openingQuote() {
      stack.append(.literal(hashes: hashes, multiline: multiline))
      return
    }
    let byte = bytes[at]
    if byte == UInt8(ascii: "(") { stack[stack.count - 1] = .code(parentheses: parentheses + 1) }
    if byte == UInt8(ascii: ")") {
      if parentheses == 0, stack.count > 1 {
        stack.removeLast()
        at += 1
        return
      }
      stack[stack.count - 1] = .code(parentheses: parentheses - 1)
    }
    code[at] = byte
    at += 1
  }

  private mutating func readLiteral(_ hashes: Int, _ multiline: Bool) {
    let marks = String(repeating: "#", count: hashes)
    let closing = (multiline ? "\"\"\"" : "\"") + marks
    if starts("\\" + marks + "(") {
      at += 2 + hashes
      stack.append(.code(parentheses: 0))
      return
    }
    if starts("\\" + marks), at + 1 + hashes < bytes.count {
      for _ in 0..<(2 + hashes) { takeLiteral() }
      return
    }
    if starts(closing) || (!multiline && bytes[at] == UInt8(ascii: "\n")) {
      at += starts(closing) ? closing.utf8.count : 1
      stack.removeLast()
      return
    }
    takeLiteral()
  }

  private mutating func takeLiteral() {
    literals[at] = bytes[at]
    at += 1
  }

  /// Moves past `"`, `"""`, `#"` and so on; nil, unmoved, where no literal begins.
  private mutating func openingQuote() -> (hashes: Int, multiline: Bool)? {
    var end = at
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
    let hashes = end - at
    at = end
    let multiline = starts("\"\"\"")
    at += multiline ? 3 : 1
    return (hashes, multiline)
  }

  private mutating func skipLine() {
    while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
  }

  private mutating func skipBlock() {
    var depth = 0
    while at < bytes.count {
      if starts("/*") {
        depth += 1
        at += 2
      } else if starts("*/") {
        depth -= 1
        at += 2
        if depth == 0 { return }
      } else {
        at += 1
      }
    }
  }

  private func starts(_ text: String) -> Bool {
    let wanted = text.utf8
    guard at + wanted.count <= bytes.count else { return false }
    return wanted.elementsEqual(bytes[at..<(at + wanted.count)])
  }
}
