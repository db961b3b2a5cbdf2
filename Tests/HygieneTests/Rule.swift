// What a rule is: a function from a file to its violations, with a planted file that must be
// caught and a clean one that must not. A rule without both cannot be written down.

struct Violation: Hashable, Sendable, CustomStringConvertible {
  var path: String
  /// From 1.
  var line: Int
  var message: String
  var description: String { "\(path):\(line): \(message)" }
}

/// A small file made up for a rule's own test.
struct Sample: Sendable {
  var path: String
  var text: String
  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
  }
}

struct Rule: Sendable, CustomStringConvertible {
  var name: String
  /// What the file would have to hold to break the rule.
  var planted: Sample
  /// The nearest thing that keeps it.
  var clean: Sample
  var check: @Sendable (SourceText) -> [Violation]

  var description: String { name }

  func violations(in file: SourceText) -> [Violation] {
    guard !Allowance.all.contains(where: { $0.covers(rule: name, path: file.path) }) else {
      return []
    }
    return check(file)
  }
}

extension SourceText {
  func violation(line index: Int, _ message: String) -> Violation {
    Violation(path: path, line: index + 1, message: message)
  }

  /// A violation for each of `lines` that holds `needle` where no letter, digit or underscore
  /// stands before it.
  func mentions(of needle: String, in lines: [String], _ message: String) -> [Violation] {
    lines.indices.filter { lines[$0].mentions(needle) }.map { violation(line: $0, message) }
  }
}

extension String {
  func mentions(_ needle: String) -> Bool {
    let text = Array(utf8)
    let wanted = Array(needle.utf8)
    guard let first = wanted.first, text.count >= wanted.count else { return false }
    let opensWithWord = first.isWordByte
    for start in 0...(text.count - wanted.count) where text[start] == first {
      if opensWithWord, start > 0, text[start - 1].isWordByte { continue }
      if text[start..<(start + wanted.count)].elementsEqual(wanted) { return true }
    }
    return false
  }

  /// The words of a line of code: letters, digits and underscores.
  var words: [Substring] {
    split { !($0.isLetter || $0.isNumber || $0 == "_") }
  }
}

extension UInt8 {
  var isWordByte: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
