// What a database says about restores and about the journals of the servers that worked on it, and
// whether a journal is the one that it knows. It changes neither.
internal import Storage

struct JournalKnowledge: Sendable {
  /// Set where a restore was made without a journal and nobody has accepted that yet.
  static let pendingName = "restore_without_journal"
  /// Of the names of marks; the journal's id follows.
  static let markPrefix = "journal "

  var isPending: Bool
  /// By the ids of journals.
  var marks: [String: JournalMark]
  var place: FeedPlace

  init(_ tx: Transaction) throws(StoreError) {
    isPending = try tx.meta.find(Self.pendingName) != nil
    place = FeedPlace(epoch: try tx.meta.restoreEpoch(), position: try tx.changes.latest())
    marks = [:]
    for (name, value) in try tx.meta.list(prefix: Self.markPrefix) {
      marks[String(name.dropFirst(Self.markPrefix.count))] = JournalMark(value)
    }
  }

  /// Throws `cut` or `changed` where the database knows what is not in the journal.
  func check(_ text: JournalText, path: String) throws(JournalError) {
    guard let mark = marks[text.id] else { return }
    guard mark.count <= text.lines.count else {
      throw .cut(path: path, known: mark.count, found: text.lines.count)
    }
    guard mark.count > 0, text.lines[mark.count - 1].hash == mark.hash else {
      throw .changed(path: path, line: mark.count)
    }
  }

  /// The same, and that it misses nothing of what came after this database's state.
  func checkCovers(_ text: JournalText, path: String) throws(JournalError) {
    try check(text, path: path)
    guard marks[text.id] != nil else { throw .strange(path) }
    guard text.from <= place else { throw .tooYoung(path) }
  }

  static func set(_ id: String, _ mark: JournalMark, _ tx: Transaction) throws(StoreError) {
    try tx.meta.set(markPrefix + id, mark.text)
  }

  /// Nothing is known of any journal from here on.
  static func forget(_ tx: Transaction) throws(StoreError) {
    for (name, _) in try tx.meta.list(prefix: markPrefix) { _ = try tx.meta.delete(name) }
  }
}

extension JournalMark {
  fileprivate var text: String { "\(count) \(hash) \(position)" }

  fileprivate init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 3, let count = Int(words[0]), let position = Int64(words[2]) else {
      return nil
    }
    self.init(count: count, hash: words[1], position: position)
  }
}
