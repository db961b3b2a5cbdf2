// Runs the program from its main thread without Swift's own async main: that one ends in
// libdispatch, which lets every signal through again on the main thread.
internal import Glibc
internal import Synchronization

package enum MainThread {
  /// Runs `body` to its end and ends the process with its code. On the main thread only.
  package static func run(_ body: @escaping @Sendable () async -> ExitCode) -> Never {
    let done = Gate()
    Task.detached { done.open(await body()) }
    exit(done.wait().rawValue)
  }

  private final class Gate: @unchecked Sendable {
    // Sendable: a semaphore is made for many threads; the code is written before it is posted.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let code = Atomic<Int32>(0)

    init() { sem_init(semaphore, 0, 0) }

    func open(_ code: ExitCode) {
      self.code.store(code.rawValue, ordering: .releasing)
      sem_post(semaphore)
    }

    func wait() -> ExitCode {
      while sem_wait(semaphore) != 0 {}
      return ExitCode(rawValue: code.load(ordering: .acquiring)) ?? .failure
    }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }
  }
}
