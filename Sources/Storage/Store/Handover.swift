// Two small helpers for work that crosses threads once.
import Glibc

/// Carries a value to the one thread that will use it. Sendable because the giver lets go of it.
struct Handover<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// Runs a closure the first time only; later callers wait until it is over. `isDone` is read and
/// written under `lock`.
final class Once: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var isDone = false

  init() { pthread_mutex_init(lock, nil) }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func run(_ body: () -> Void) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    guard !isDone else { return }
    isDone = true
    body()
  }
}
