// Operator keys that authenticated with a look-up value under the pepper before. Bounded; who has
// no room is noted at a later request.
internal import KeyModel
internal import Synchronization

final class RehashQueue: Sendable {
  private static let bound = 1024
  private let notes = Mutex<[Rehash.Subject: Rehash]>([:])

  func add(_ rehash: Rehash) {
    notes.withLock { if $0.count < Self.bound { $0[rehash.subject] = rehash } }
  }

  var count: Int { notes.withLock { $0.count } }

  func take() -> [Rehash] {
    notes.withLock { notes in
      defer { notes = [:] }
      return Array(notes.values)
    }
  }
}
