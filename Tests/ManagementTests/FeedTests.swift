// The feed's waiters: each comes back once its position is in force, however they meet.
import KeyModel
import Management
import Storage
import Synchronization
import Testing

@Suite("Record feed")
struct FeedTests {
  /// Lets one waiter meet the first pass.
  private final class Meeting: Sendable {
    let feed = Mutex<RecordFeed?>(nil)
    let position = Mutex<Int64>(0)
    let waiter = Mutex<Task<Void, any Error>?>(nil)
    let returned = Mutex(false)

    /// Runs inside the pass: the waiter waits for that very pass, and wants one change more.
    func meet() {
      guard let feed = feed.withLock({ $0.take() }) else { return }
      let wanted = position.withLock { $0 }
      waiter.withLock { $0 = Task.immediate { try await feed.reach(wanted) } }
    }
  }

  @Test("A waiter that wakes before the one who began the pass lets it go on")
  func waiterGivesWay() async throws {
    let meeting = Meeting()
    let world = try await World(observe: { _ in meeting.meet() })
    let latest = try await world.store.read { try $0.changes.latest() }
    meeting.position.withLock { $0 = latest + 2 }
    meeting.feed.withLock { $0 = world.feed }
    // Not awaited here: where the waiter spins, nothing that needs the feed ever comes back.
    let changes = Task {
      _ = try await world.account()
      try await meeting.waiter.withLock { $0 }?.value
      meeting.returned.withLock { $0 = true }
    }
    let end = ContinuousClock.now + .seconds(300)
    while !meeting.returned.withLock({ $0 }), ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(1))
    }
    try #require(meeting.returned.withLock { $0 })
    try await changes.value
    #expect(meeting.waiter.withLock { $0 } != nil)
  }

  @Test("What is old is forgotten, and who is further behind loads anew")
  func trimming() async throws {
    let world = try await World()
    for number in 0..<5 { _ = try await world.account("p\(number)") }
    let latest = try await world.store.read { try $0.changes.latest() }
    try await world.feed.trim(keeping: 2)
    let (left, trimmed) = try await world.store.read {
      (try $0.changes.after(0, limit: 100).map(\.position), try $0.changes.trimmed())
    }
    #expect(left == [latest - 2, latest - 1, latest] && trimmed == latest - 3)
    #expect(try await world.feed.retell(after: latest - 3))
    #expect(try await world.feed.retell(after: 0) == false)
    let loads = await world.feed.loads
    _ = try await world.account()
    #expect(await world.feed.loads == loads)
  }
}
