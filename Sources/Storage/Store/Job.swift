// A piece of work on its way to a store thread and its answer on the way back.

/// Touched by one thread at a time: first by the caller, then by the store thread that took it from
/// the queue, whose lock orders the two.
class Job: @unchecked Sendable {
  let mayWrite: Bool

  init(mayWrite: Bool) { self.mayWrite = mayWrite }

  /// Runs the body; may be called again after the transaction was undone.
  func run(_ transaction: Transaction) -> JobOutcome { .failed(nil) }
  /// Answers the caller, once: with the result of the last run, or with `error`.
  func finish(_ error: StoreError?) {}
}

enum JobOutcome {
  case done
  /// With the store's own error where a statement failed, nil where the body threw.
  case failed(StoreError?)
}

final class BodyJob<R: Sendable>: Job, @unchecked Sendable {
  private let body: @Sendable (Transaction) throws -> R
  private let committed: (@Sendable (R) -> Void)?
  private let continuation: CheckedContinuation<R, any Error>
  private let timing: StoreTiming
  private var result: Result<R, any Error> = .failure(StoreError.closed)

  init(
    _ continuation: CheckedContinuation<R, any Error>, _ timing: StoreTiming, mayWrite: Bool,
    _ body: @escaping @Sendable (Transaction) throws -> R,
    committed: (@Sendable (R) -> Void)? = nil
  ) {
    self.continuation = continuation
    self.timing = timing
    self.body = body
    self.committed = committed
    super.init(mayWrite: mayWrite)
  }

  override func run(_ transaction: Transaction) -> JobOutcome {
    result = Result { try body(transaction) }
    if let failure = transaction.takeFailure() {
      // A body that caught the error must not make believe it went well.
      if case .success = result { result = .failure(failure) }
      return .failed(failure)
    }
    if case .failure(let error) = result { return .failed(error as? StoreError) }
    return .done
  }

  override func finish(_ error: StoreError?) {
    if let error { result = .failure(error) }
    if let committed, case .success(let value) = result { committed(value) }
    if case .failure(let error) = result { timing.end(error) } else { timing.end(nil) }
    continuation.resume(with: result)
  }
}
