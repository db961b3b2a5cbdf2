// Blocking work of seconds (drain, close, waiting for a signal) on a thread of its own, so that the
// tasks it waits for still have theirs.
internal import Glibc

enum OffThread {
  static func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      let job = Job { continuation.resume(returning: body()) }
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().work() }
          return nil
        }, Unmanaged.passRetained(job).toOpaque())
      if code == 0 {
        pthread_detach(thread)
      } else {
        // No thread to be had: better late than never.
        Unmanaged.passUnretained(job).release()
        job.work()
      }
    }
  }

  private final class Job: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}
