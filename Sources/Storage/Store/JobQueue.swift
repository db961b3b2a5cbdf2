// The queue between callers and store threads: a plain lock and a condition of the C library.
import Glibc

/// Every field is read and written under `lock`, but for the two handles, which never change.
final class JobQueue: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [Job] = []
  private var first = 0
  private var isClosed = false

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(arrived, nil)
  }

  deinit {
    pthread_cond_destroy(arrived)
    pthread_mutex_destroy(lock)
    arrived.deallocate()
    lock.deallocate()
  }

  /// Jobs that nobody has taken yet.
  var count: Int {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return jobs.count - first
  }

  /// False where the queue is closed; the job is then the caller's to finish.
  func add(_ job: Job) -> Bool {
    pthread_mutex_lock(lock)
    let isTaken = !isClosed
    if isTaken { jobs.append(job) }
    pthread_mutex_unlock(lock)
    // Not under the lock, which the thread that wakes up takes first.
    if isTaken { pthread_cond_signal(arrived) }
    return isTaken
  }

  /// Waits for work; gives up to `limit` jobs in their order, and none once the queue is closed and
  /// empty.
  func take(limit: Int) -> [Job] {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while first == jobs.count, !isClosed { pthread_cond_wait(arrived, lock) }
    let end = min(jobs.count, first + limit)
    let taken = Array(jobs[first..<end])
    first = end
    if first == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      first = 0
    }
    return taken
  }

  func close() {
    pthread_mutex_lock(lock)
    isClosed = true
    pthread_cond_broadcast(arrived)
    pthread_mutex_unlock(lock)
  }
}
