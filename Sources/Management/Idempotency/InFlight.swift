// The idempotency keys whose requests run in this process at this moment. Across processes the
// marker's unique row does the same, more slowly.
internal import KeyModel
internal import Synchronization

final class InFlight: Sendable {
  struct Name: Hashable, Sendable {
    var principal: String
    var route: String
    var key: String
  }

  private let names = Mutex<Set<Name>>([])

  /// False where a request with this name is running.
  func begin(_ name: Name) -> Bool { names.withLock { $0.insert(name).inserted } }
  func end(_ name: Name) { names.withLock { _ = $0.remove(name) } }
}
