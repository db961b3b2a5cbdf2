// SIGTERM, SIGHUP and SIGINT as values on a thread of their own, so that no handler runs in the
// middle of anything. The first asks for an orderly end; the second ends the process at once.
internal import CSystem
internal import Glibc

package enum Signals {
  /// Call before any thread is started: threads inherit what is blocked here.
  package static func block() {
    var set = stops()
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // Writing to a closed connection is an error code, not an end.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that must not grow any more.
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Blocks until a stop signal comes; gives its number.
  package static func wait() -> Int32 { wait(stops()) }

  private static func wait(_ signals: sigset_t) -> Int32 {
    var set = signals
    var number: Int32 = 0
    while sigwait(&set, &number) != 0 {}
    return number
  }

  /// Ends the process at the next stop signal, whatever else is going on. A hang-up is none then: a
  /// terminal that goes away says so twice, and a service manager once more after SIGTERM.
  package static func exitOnNext(_ code: ExitCode) {
    let box = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    box.pointee = code.rawValue
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { context in
        var set = Signals.stops()
        sigdelset(&set, SIGHUP)
        _ = Signals.wait(set)
        _exit(context?.assumingMemoryBound(to: Int32.self).pointee ?? 1)
      }, box)
    if started == 0 { pthread_detach(thread) }
  }

  private static let isHangupIgnored = latchkey_is_ignored(SIGHUP) != 0

  private static func stops() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    // The terminal went away. Under nohup it stays ignored: blocked it would be waited for.
    if !isHangupIgnored { sigaddset(&set, SIGHUP) }
    return set
  }
}

/// Keeps key bytes out of core files and away from other processes' debuggers.
package enum Hardening {
  package static func apply() {
    latchkey_forbid_dumps()
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  /// As many descriptors as the system allows: one per connection.
  package static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
