// The threads of a store: that each ends, and that somebody or nobody waits for it.
import Glibc
import Synchronization
import Testing

@testable import Storage

@Suite struct StoreThreadTests {
  /// Written once the thread stands in it, read by the thread.
  private final class Box: @unchecked Sendable {
    let thread = Mutex<StoreThread?>(nil)
    let waited = Atomic<Int32>(-1)
  }

  @Test("a thread that is told to wait for itself ends without being waited for")
  func ownThread() throws {
    let box = Box()
    try box.thread.withLock { place in
      place = try StoreThread("store-test") {
        let waited = box.thread.withLock { $0 }?.join() ?? true
        box.waited.store(waited ? 1 : 0, ordering: .releasing)
      }
    }
    for _ in 0..<1000 where box.waited.load(ordering: .acquiring) < 0 { usleep(10_000) }
    #expect(box.waited.load(ordering: .acquiring) == 0)
  }

  @Test("a store that nobody closes ends its threads, also where a body is the last to hold it")
  func dropped() async throws {
    for round in 0..<50 {
      let store = try Store.open(.sqliteMemory)
      let written = try await store.write { [store] tx in
        try tx.meta.set("round", "\(round)")
        return withExtendedLifetime(store) { round }
      }
      #expect(written == round)
    }
  }
}
