// One-shot timers for handlers. The engine's own deadlines do not use them: they are swept. Must be
// used on the worker's thread only.

import CEvent
import Glibc

extension Worker {
  /// On this thread only. The timer fires once unless cancelled.
  @discardableResult
  package func schedule(afterMilliseconds delay: Int, _ work: @escaping () -> Void) -> Timer {
    Timer(worker: self, delay: delay, work)
  }

  package final class Timer {
    private unowned(unsafe) let worker: Worker
    private let handle = UnsafeMutablePointer<event>.allocate(capacity: 1)
    private var work: (() -> Void)?

    fileprivate init(worker: Worker, delay: Int, _ work: @escaping () -> Void) {
      self.worker = worker
      self.work = work
      // Held until it has fired or was cancelled.
      let context = Unmanaged.passRetained(self).toOpaque()
      event_assign(
        handle, worker.base, -1, 0,
        { _, _, context in
          guard let context else { return }
          Unmanaged<Timer>.fromOpaque(context).takeUnretainedValue().fire()
        }, context)
      var interval = timeval(tv_sec: delay / 1000, tv_usec: (delay % 1000) * 1000)
      event_add(handle, &interval)
    }

    deinit { handle.deallocate() }

    package func cancel() {
      guard work != nil else { return }
      work = nil
      event_del(handle)
      Unmanaged.passUnretained(self).release()
    }

    private func fire() {
      guard let work else { return }
      self.work = nil
      work()
      worker.endCallback()
      Unmanaged.passUnretained(self).release()
    }
  }
}
