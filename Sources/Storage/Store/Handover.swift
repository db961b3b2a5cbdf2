// Two small helpers for work that crosses threads once.

/// Carries a value to the one thread that will use it. Sendable because the giver lets go of it.
struct Handover<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// Runs a closure the first time only; later callers wait until it is over.
final class Once: Sendable {
  private let isDone = Locked(false)

  func run(_ body: () -> Void) {
    isDone.withLock { isDone in
      if isDone { return }
      isDone = true
      body()
    }
  }
}
