// Readers on threads of their own while the writer changes the records under them.
import Crypto
import Foundation
import KeyModel
import Synchronization
import Testing
import Verification

@Suite struct ConcurrencyTests {
  /// What a reader saw in its whole life.
  final class Tally: Sendable {
    let decisions = Atomic<Int>(0)
    let lost = Atomic<Int>(0)
    /// How many keys are revoked already, in order.
    let revoked = Atomic<Int>(0)
    let stop = Atomic<Bool>(false)
  }

  @Test("a key is found at every moment while its record is replaced and the table grows")
  func replacement() {
    let world = World()
    let account = world.account(of: world.project(VerifierTests.policy))
    let tokens = (0..<64).map { _ in world.token(VerifierTests.policy) }
    var keys = tokens.map { world.key(account, tokens: [$0]) }
    let tally = Tally()
    let readers = (0..<2).map { _ in reader(world.table, tokens, tally) }
    for round in 0..<400 {
      for at in keys.indices {
        keys[at].routes = round % 3 == 0 ? [RoutePattern(method: "*", path: "/*")] : []
        world.apply(.key(keys[at]))
      }
      for _ in 0..<20 { _ = world.key(account, tokens: [world.token(VerifierTests.policy)]) }
    }
    tally.stop.store(true, ordering: .sequentiallyConsistent)
    for reader in readers { reader.wait() }
    #expect(tally.lost.load(ordering: .sequentiallyConsistent) == 0)
    #expect(tally.decisions.load(ordering: .sequentiallyConsistent) > 1000)
  }

  @Test("once a revocation is applied no reader accepts the key again")
  func revocation() {
    let world = World()
    let account = world.account(of: world.project(VerifierTests.policy))
    let tokens = (0..<2000).map { _ in world.token(VerifierTests.policy) }
    let keys = tokens.map { world.key(account, tokens: [$0]) }
    let tally = Tally()
    let table = world.table
    let watcher = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let verifier = Verifier(table: table)
      while !tally.stop.load(ordering: .sequentiallyConsistent) {
        let bound = tally.revoked.load(ordering: .sequentiallyConsistent)
        guard bound > 0 else { continue }
        if decide(verifier, tokens[bound - 1]) != .revoked { tally.lost.add(1, ordering: .relaxed) }
        tally.decisions.add(1, ordering: .relaxed)
      }
      watcher.signal()
    }
    for at in keys.indices {
      var key = keys[at]
      key.revoked = true
      world.apply(.key(key))
      tally.revoked.store(at + 1, ordering: .sequentiallyConsistent)
    }
    while tally.decisions.load(ordering: .sequentiallyConsistent) < 100 { sched_yield() }
    tally.stop.store(true, ordering: .sequentiallyConsistent)
    watcher.wait()
    #expect(tally.lost.load(ordering: .sequentiallyConsistent) == 0)
  }

  private func reader(
    _ table: RecordTable, _ tokens: [String], _ tally: Tally
  ) -> DispatchSemaphore {
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let verifier = Verifier(table: table)
      var at = 0
      while !tally.stop.load(ordering: .sequentiallyConsistent) {
        if decide(verifier, tokens[at % tokens.count]) != .valid {
          tally.lost.add(1, ordering: .relaxed)
        }
        tally.decisions.add(1, ordering: .relaxed)
        at += 1
      }
      done.signal()
    }
    return done
  }
}

private func decide(_ verifier: Verifier, _ token: String) -> DecisionCode? {
  let slug = Array("demo".utf8)
  let path = Array("/v1/things".utf8)
  guard let project = slug.withUnsafeBytes({ verifier.project(slug: $0) }) else { return nil }
  return Array(token.utf8).withUnsafeBytes { token in
    path.withUnsafeBytes { path in
      let empty = UnsafeRawBufferPointer(start: nil, count: 0)
      let call = Call(
        method: empty, path: path, query: nil, host: empty,
        now: Timestamp(seconds: 1_800_000_000))
      return verifier.decide(call, token: token, project: project).code
    }
  }
}
