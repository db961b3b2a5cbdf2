// How much disk the request log takes, looked up now and then: the files may be many and a database
// slow, so /metrics shows what the last look found.
internal import Storage
internal import Synchronization

final class RecordDisk: Sendable {
  private let log: RecordLog
  private let found = Atomic<Int64>(0)
  private let isLooking = Atomic<Bool>(false)

  init(_ log: RecordLog) { self.log = log }

  /// Of the last look; 0 before the first.
  var bytes: Int64 { found.load(ordering: .relaxed) }

  /// Looks once more, unless a look is still under way. Returns at once.
  func look() {
    guard !isLooking.exchange(true, ordering: .acquiringAndReleasing) else { return }
    Task { [self] in
      let bytes = await OffThread.run { [log] in try? log.diskBytes() }
      if let bytes { found.store(bytes, ordering: .relaxed) }
      isLooking.store(false, ordering: .releasing)
    }
  }
}
