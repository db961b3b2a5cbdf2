// The lines of the revocation journal: text, then a running hash over all lines so far. So a line
// that was changed, left out or moved is noticed in the file itself, and the last hash stands for
// the whole.
internal import Crypto
internal import KeyModel

/// What is left of a place in the change feed after restores: positions begin again, epochs do not.
struct FeedPlace: Hashable, Sendable, Comparable {
  var epoch: Int64
  var position: Int64

  static func < (left: FeedPlace, right: FeedPlace) -> Bool {
    (left.epoch, left.position) < (right.epoch, right.position)
  }
}

enum JournalLine: Hashable, Sendable {
  /// The first line.
  case journal(id: String)
  /// From this place on the journal misses nothing.
  case complete(from: FeedPlace)
  case restraint(Restraint)

  var text: String {
    switch self {
    case .journal(let id): "journal \(id)"
    case .complete(let place): "from \(place.epoch) \(place.position)"
    case .restraint(let restraint): restraint.text
    }
  }

  init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("journal", 2): self = .journal(id: words[1])
    case ("from", 3):
      guard let epoch = Int64(words[1]), let position = Int64(words[2]) else { return nil }
      self = .complete(from: FeedPlace(epoch: epoch, position: position))
    default:
      guard let restraint = Restraint(text, words) else { return nil }
      self = .restraint(restraint)
    }
  }
}

/// A whole journal, read.
struct JournalText: Sendable {
  private(set) var id = ""
  private(set) var from = FeedPlace(epoch: 0, position: 0)
  private(set) var lines: [(line: JournalLine, hash: String)] = []
  /// Bytes of whole lines; a last one that a crash cut off was never answered.
  private(set) var size = 0

  init(_ bytes: [UInt8], path: String) throws(JournalError) {
    var start = 0
    var hash = ""
    while let newline = bytes[start...].firstIndex(of: 0x0A) {
      let number = lines.count + 1
      let text = String(decoding: bytes[start..<newline], as: UTF8.self)
      guard let space = text.lastIndex(of: " "), let line = JournalLine(String(text[..<space]))
      else { throw .damaged(path: path, line: number) }
      hash = Self.hash(hash, line)
      guard text[text.index(after: space)...] == hash, take(line) else {
        throw .damaged(path: path, line: number)
      }
      lines.append((line, hash))
      start = newline + 1
    }
    size = start
    guard !lines.isEmpty else { throw .emptied(path) }
  }

  /// False where the line stands where it must not.
  private mutating func take(_ line: JournalLine) -> Bool {
    switch line {
    case .journal(let id):
      self.id = id
      return lines.isEmpty
    case .complete(let place): from = place
    case .restraint: break
    }
    return !lines.isEmpty
  }

  /// Those after the first `count` lines.
  func restraints(after count: Int = 0) -> [Restraint] {
    lines.dropFirst(count).compactMap { entry in
      if case .restraint(let restraint) = entry.line { restraint } else { nil }
    }
  }

  var head: String { lines.last?.hash ?? "" }

  static func hash(_ before: String, _ line: JournalLine) -> String {
    Hex.encode(BLAKE2b.digest(of: Array((before + line.text).utf8), count: 16))
  }
}

extension Restraint {
  var text: String {
    switch self {
    case .ending(let ending): ending.text
    case .account(let id, let suspended): "account-\(suspended ? "suspended" : "active") \(id)"
    case .key(let id, let bounds):
      "bounds \(id) \(bounds.access.name) \(bounds.expiresAt.map { "\($0.microseconds)" } ?? "-")"
        + bounds.routes.map { " \($0.method) \($0.path)" }.joined()
    }
  }

  init?(_ text: String, _ words: [String]) {
    switch (words.first, words.count) {
    case ("account-suspended", 2), ("account-active", 2):
      guard let id = AccountID(words[1]) else { return nil }
      self = .account(id, suspended: words[0] == "account-suspended")
    case ("bounds", 4...):
      guard let id = KeyID(words[1]), let bounds = KeyBounds(words.dropFirst(2)) else {
        return nil
      }
      self = .key(id, bounds)
    default:
      guard let ending = Ending(words) else { return nil }
      self = .ending(ending)
    }
  }
}

extension KeyBounds {
  /// `read_only 1790000000000000 GET /v1/*`: neither methods nor paths have spaces in them.
  fileprivate init?(_ words: ArraySlice<String>) {
    let words = Array(words)
    guard let access = Access(name: words[0]), words.count.isMultiple(of: 2) else { return nil }
    var end: Timestamp?
    if words[1] != "-" {
      guard let microseconds = Int64(words[1]) else { return nil }
      end = Timestamp(microseconds: microseconds)
    }
    let routes = stride(from: 2, to: words.count, by: 2).map { at in
      RoutePattern(method: words[at], path: words[at + 1])
    }
    self.init(access: access, expiresAt: end, routes: routes)
  }
}

extension Ending {
  fileprivate var text: String {
    switch self {
    case .key(let id): "key \(id)"
    case .version(let id, let key, let until): "version \(id) \(key) \(until.microseconds)"
    case .operatorKey(let id): "operator-key \(id)"
    case .account(let id): "account \(id)"
    case .project(let id): "project \(id)"
    }
  }

  fileprivate init?(_ words: [String]) {
    let made: Ending? =
      switch (words.first, words.count) {
      case ("key", 2): KeyID(words[1]).map { .key($0) }
      case ("operator-key", 2): OperatorKeyID(words[1]).map { .operatorKey($0) }
      case ("account", 2): AccountID(words[1]).map { .account($0) }
      case ("project", 2): ProjectID(words[1]).map { .project($0) }
      case ("version", 4): Self.version(words)
      default: nil
      }
    guard let made else { return nil }
    self = made
  }

  private static func version(_ words: [String]) -> Ending? {
    guard let id = VersionID(words[1]), let key = KeyID(words[2]), let until = Int64(words[3])
    else { return nil }
    return .version(id, of: key, until: Timestamp(microseconds: until))
  }
}
