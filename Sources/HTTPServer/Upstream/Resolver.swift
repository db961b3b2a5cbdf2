// Upstream names to addresses without holding up the worker: each look-up runs on a thread of its
// own, which is rare because answers are kept for a while. Must not be shared between workers.

import Glibc

final class Resolver {
  private static let keepMilliseconds: Int64 = 15_000
  private static let keepFailureMilliseconds: Int64 = 1000

  private let worker: Worker
  private var known: [String: (addresses: [IPAddress], until: Int64)] = [:]
  private var waiting: [String: [([IPAddress]) -> Void]] = [:]

  init(_ worker: Worker) { self.worker = worker }

  /// `done` runs on the worker's thread, at once where the name is known; with no address where it
  /// has none.
  func resolve(_ name: String, _ done: @escaping ([IPAddress]) -> Void) {
    if let entry = known[name], entry.until > worker.milliseconds { return done(entry.addresses) }
    waiting[name, default: []].append(done)
    guard waiting[name]?.count == 1 else { return }
    let job = Job(name: name, resolver: self, worker: worker)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(job).toOpaque())
    if code == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged.passUnretained(job).release()
      finish(name, [])
    }
  }

  fileprivate func finish(_ name: String, _ addresses: [IPAddress]) {
    let keep = addresses.isEmpty ? Self.keepFailureMilliseconds : Self.keepMilliseconds
    known[name] = (addresses, worker.milliseconds + keep)
    for done in waiting.removeValue(forKey: name) ?? [] { done(addresses) }
  }
}

// Unchecked: `resolver` is only carried back to the worker's thread.
private final class Job: @unchecked Sendable {
  private let name: String
  private let resolver: Resolver
  private let worker: Worker

  init(name: String, resolver: Resolver, worker: Worker) {
    self.name = name
    self.resolver = resolver
    self.worker = worker
  }

  func run() {
    let addresses = Names.lookUp(name)
    worker.post { self.resolver.finish(self.name, addresses) }
  }
}
