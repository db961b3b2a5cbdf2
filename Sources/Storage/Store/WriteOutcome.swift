// Whether the store takes writes: what the last of them came to, for whoever watches over it.

final class WriteOutcome: Sendable {
  private let last = Locked<StoreError?>(nil)

  var failure: StoreError? { last.withLock { $0 } }

  func succeeded() { last.withLock { $0 = nil } }

  /// A rule that refused a row, or a body's own mistake, says nothing about the store.
  func note(_ error: StoreError) {
    switch error {
    case .busy, .unavailable, .outcomeUnknown, .full, .readOnly, .corrupt:
      last.withLock { $0 = error }
    case .conflict, .stale, .malformedURL, .schemaTooNew, .closed, .statement: break
    }
  }
}
