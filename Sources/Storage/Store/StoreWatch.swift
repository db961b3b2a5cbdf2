// How long the store's work takes, for whoever watches over it. The store has no clock of its own.

/// What a body was handed to.
package enum StoreWork: Int, Sendable, CaseIterable {
  case write, read, reserve

  package var name: String {
    switch self {
    case .write: "write"
    case .read: "read"
    case .reserve: "reserve"
    }
  }
}

/// Called on the store's threads and its callers'; must be quick.
package protocol StoreWatch: Sendable {
  /// Elapsed time in nanoseconds, from any beginning.
  func nanoseconds() -> Int64
  /// A body has its result, `nanoseconds` after it was handed over.
  /// - Parameter failed: the store is at fault, not the body.
  func ended(_ work: StoreWork, nanoseconds: Int64, failed: Bool)
}

struct Unwatched: StoreWatch {
  func nanoseconds() -> Int64 { 0 }
  func ended(_ work: StoreWork, nanoseconds: Int64, failed: Bool) {}
}

/// One body on its way.
struct StoreTiming: Sendable {
  let watch: any StoreWatch
  let work: StoreWork
  let start: Int64

  init(_ watch: any StoreWatch, _ work: StoreWork) {
    self.watch = watch
    self.work = work
    start = watch.nanoseconds()
  }

  func end(_ error: (any Error)?) {
    let isStores = (error as? StoreError)?.concernsStore ?? false
    watch.ended(work, nanoseconds: watch.nanoseconds() - start, failed: isStores)
  }
}

extension StoreError {
  /// False for a rule that refused a row and a body's own mistake: they say nothing about the
  /// store.
  var concernsStore: Bool {
    switch self {
    case .busy, .unavailable, .outcomeUnknown, .full, .readOnly, .corrupt: true
    // The last two come from opening alone.
    case .conflict, .stale, .malformedURL, .schemaTooNew, .closed, .statement, .denied, .notOurs:
      false
    }
  }
}
