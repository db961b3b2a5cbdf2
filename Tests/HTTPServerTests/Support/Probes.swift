// Small observations of the process under test.

import Glibc

/// Resident memory of this process.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  guard fgets(&line, 128, file) != nil else { return 0 }
  let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}

enum Sanitizer {
  /// How much more memory may be taken: under a sanitizer each allocation stands between red zones
  /// of at least 16 bytes and its own size, and what is freed is kept for a while.
  static let memoryFactor = isPresent ? 6 : 1

  private static let isPresent =
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
}

/// Whether `condition` comes true within ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<1000 {
    if condition() { return true }
    usleep(10_000)
  }
  return false
}

/// Runs tasks on threads of their own: the shared ones may all be blocked by tests.
final class OwnThreads: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    onThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Runs `work` on a thread of its own; the tests themselves block the shared ones.
func onThread(_ work: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { context in
      if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work() }
      return nil
    }, Unmanaged.passRetained(Box(work)).toOpaque())
  pthread_detach(thread)
}

func raiseDescriptorLimit() {
  let files = __rlimit_resource_t(UInt32(7))
  var limit = rlimit()
  getrlimit(files, &limit)
  limit.rlim_cur = limit.rlim_max
  setrlimit(files, &limit)
}
