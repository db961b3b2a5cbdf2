// Whom one worker found under the pepper before. Bounded: what has no room is noted at a later
// call.
import KeyModel

struct RehashNotes {
  static let bound = 4096
  private var notes: [Rehash.Subject: Rehash] = [:]

  var count: Int { notes.count }

  mutating func add(_ rehash: Rehash) {
    guard notes.count < Self.bound || notes[rehash.subject] != nil else { return }
    notes[rehash.subject] = rehash
  }

  mutating func take() -> [Rehash] {
    guard !notes.isEmpty else { return [] }
    defer { notes = [:] }
    return Array(notes.values)
  }
}
