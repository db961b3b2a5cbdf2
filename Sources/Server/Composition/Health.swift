// Whether this server should get traffic, and the few numbers it keeps about itself. Atomics only:
// workers read them on their own threads.
internal import Synchronization

final class Health: Sendable {
  private let draining = Atomic<Bool>(false)
  private let storeUp = Atomic<Bool>(true)
  let storeFailures = Atomic<Int64>(0)

  func beginDraining() { draining.store(true, ordering: .releasing) }

  func store(isUp: Bool) {
    if !isUp { storeFailures.add(1, ordering: .relaxed) }
    storeUp.store(isUp, ordering: .releasing)
  }

  /// Nil where it is ready; else why not.
  var complaint: String? {
    if draining.load(ordering: .acquiring) { return "draining" }
    return storeUp.load(ordering: .acquiring) ? nil : "store_unreachable"
  }
}
