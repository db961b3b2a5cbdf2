// How long the store and the request log took for what they were asked, and how often they failed.
internal import KeyModel
internal import Storage

final class StoreTimes: StoreWatch {
  struct Times: Sendable {
    var latencies = Latencies()
    var failures: Int64 = 0
  }

  /// `sqlite` or `postgresql`.
  let engine: String
  private let elapsed: @Sendable () -> Int64
  private let times = StoreWork.allCases.map { _ in Locked(Times()) }
  private let appends = Locked(Times())
  private let pages = Locked(Times())

  init(_ location: StoreLocation, elapsed: @escaping @Sendable () -> Int64) {
    engine =
      switch location {
      case .postgres: "postgresql"
      case .sqliteFile, .sqliteMemory: "sqlite"
      }
    self.elapsed = elapsed
  }

  func nanoseconds() -> Int64 { elapsed() }

  func ended(_ work: StoreWork, nanoseconds: Int64, failed: Bool) {
    Self.note(times[work.rawValue], nanoseconds, failed: failed)
  }

  /// A batch was given to the request log at `since`; it failed where not all of it was stored.
  func appended(since start: Int64, failed: Bool) {
    Self.note(appends, elapsed() - start, failed: failed)
  }

  /// Times a page of the request log.
  func reading<R>(_ body: () -> Result<R, StoreError>) -> Result<R, StoreError> {
    let start = elapsed()
    let result = body()
    let isFailure = if case .failure = result { true } else { false }
    Self.note(pages, elapsed() - start, failed: isFailure)
    return result
  }

  private static func note(_ times: Locked<Times>, _ nanoseconds: Int64, failed: Bool) {
    times.withLock {
      $0.latencies.add(nanoseconds)
      if failed { $0.failures += 1 }
    }
  }

  /// By the names of what was asked.
  var all: [(work: String, times: Times)] {
    StoreWork.allCases.map { ($0.name, times[$0.rawValue].withLock { $0 }) }
      + [
        ("log_append", appends.withLock { $0 }), ("log_page", pages.withLock { $0 }),
      ]
  }
}
