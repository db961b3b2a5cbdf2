// Whether the store takes writes: what the last of them came to, for whoever watches over it.

final class WriteOutcome: Sendable {
  private let last = Locked<StoreError?>(nil)

  var failure: StoreError? { last.withLock { $0 } }

  func succeeded() { last.withLock { $0 = nil } }

  func note(_ error: StoreError) {
    if error.concernsStore { last.withLock { $0 = error } }
  }
}
