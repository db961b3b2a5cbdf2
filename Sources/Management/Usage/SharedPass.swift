// One pass over something at a time. It must not know what a pass does.

actor SharedPass {
  private var running: Task<Void, Never>?

  /// Returns once a pass has ended that began after this call. Callers that come while one is under
  /// way share the next.
  func run(_ pass: @escaping @Sendable () async -> Void) async {
    if let running { await running.value }
    if let running { return await running.value }
    let task = Task {
      // Over before anybody who waits for it goes on, or they would find it here again.
      defer { running = nil }
      await pass()
    }
    running = task
    await task.value
  }
}
