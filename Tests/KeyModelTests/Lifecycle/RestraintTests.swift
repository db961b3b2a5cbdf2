// What a restored backup may not give back: never more than the last word on a key.
import KeyModel
import TestSupport
import Testing

@Suite("Restraints")
struct RestraintTests {
  private static func route(_ text: String) -> RoutePattern {
    let words = text.split(separator: " ").map(String.init)
    return RoutePattern(method: words[0], path: words[1])
  }

  private func bounds(
    _ access: Access = .full, _ end: Int64? = nil, _ routes: String...
  ) -> KeyBounds {
    KeyBounds(
      access: access, expiresAt: end.map { Timestamp(seconds: $0) },
      routes: routes.map(Self.route))
  }

  @Test("A pattern covers what every call that fits it fits")
  func covers() {
    let cases: [(String, String, Bool)] = [
      ("* /*", "GET /a", true), ("GET /*", "* /a", false), ("GET /a*", "GET /ab*", true),
      ("GET /ab*", "GET /a*", false), ("GET /a", "GET /a", true), ("GET /a", "GET /a*", false),
      ("GET /a*", "GET /a", true), ("POST /a*", "GET /a", false),
    ]
    for (wide, narrow, covered) in cases {
      #expect(Self.route(wide).covers(Self.route(narrow)) == covered, "\(wide) and \(narrow)")
    }
  }

  @Test("The narrower of two bounds holds, part by part")
  func within() {
    #expect(bounds().within(bounds(.readOnly, 9)) == bounds(.readOnly, 9))
    #expect(bounds(.readOnly, 5).within(bounds(.full, 9)) == bounds(.readOnly, 5))
    #expect(bounds(.full, 5).within(bounds()) == bounds(.full, 5))
    let narrow = bounds(.full, nil, "GET /v1/a")
    #expect(bounds().within(narrow) == narrow)
    #expect(narrow.within(bounds(.full, nil, "GET /v1/*")) == narrow)
    #expect(narrow.within(bounds()) == narrow)
    // Neither within the other: what was allowed last counts.
    let other = bounds(.full, nil, "POST /v1/b")
    #expect(narrow.within(other) == other)
  }

  @Test("A restored cycle was committed where its old version alone has ended since")
  func commits() throws {
    let cycle = try CycleFixture.step.cycle
    func ended(_ version: VersionID, of key: KeyID? = nil) -> Restraint {
      .ending(.version(version, of: key ?? cycle.keyID, until: Timestamp(seconds: 0)))
    }
    let (old, new) = (ended(cycle.oldVersion), ended(cycle.newVersion))
    #expect(Restraint.show([old], commitOf: cycle))
    #expect(!Restraint.show([], commitOf: cycle) && !Restraint.show([new], commitOf: cycle))
    // A reset, or a rotation by hand, ends both.
    #expect(!Restraint.show([old, new], commitOf: cycle))
    #expect(!Restraint.show([ended(cycle.oldVersion, of: KeyID(bits: 77))], commitOf: cycle))
  }

  @Test("Where the secret on its way has ended, the one that was held meanwhile is accepted again")
  func held() throws {
    let step = try CycleFixture.step.leased(CycleFixture.rules(holds: true))
    #expect(step.accepted(at: 1) == [2])
    let ended = try step.key.ending(
      step.cycle.newVersion, at: Timestamp(seconds: 0), now: CycleFixture.start)
    let now = CycleFixture.start.adding(seconds: 1)
    #expect(ended?.acceptedVersions(at: now).map(\.number) == [1])
  }

  @Test("A journal notes everything once, and of what may be given back every new word")
  func ledger() {
    var ledger = RestraintLedger()
    let account = AccountID(bits: 4)
    let suspended = Restraint.account(account, suspended: true)
    let active = Restraint.account(account, suspended: false)
    let dead = Restraint.ending(.key(KeyID(bits: 3)))
    #expect(ledger.learn(.keyRemoved(KeyID(bits: 3))) == [dead])
    #expect(ledger.learn(.keyRemoved(KeyID(bits: 3))).isEmpty)
    #expect(ledger.learn(suspended) && !ledger.learn(suspended))
    #expect(ledger.learn(active) && ledger.learn(suspended))
    #expect(Restraint.lastWords([suspended, dead, active, dead]) == [active, dead])
  }

  @Test("No route of a random policy is left open that the last word had closed")
  func neverWider() {
    var random = SeededGenerator(seed: 7)
    let routes = ["* /*", "GET /*", "GET /a*", "GET /a", "POST /a", "* /a", "* /ab"].map(Self.route)
    let calls = ["GET", "POST"].flatMap { method in
      ["/a", "/ab", "/c"].map { RoutePattern(method: method, path: $0) }
    }
    func allows(_ bounds: KeyBounds, _ call: RoutePattern) -> Bool {
      bounds.routes.isEmpty || bounds.routes.contains { $0.covers(call) }
    }
    for _ in 0..<500 {
      let sets = (0..<2).map { _ in routes.filter { _ in Bool.random(using: &random) } }
      let limit = KeyBounds(access: .full, expiresAt: nil, routes: sets[1])
      let held = KeyBounds(access: .full, expiresAt: nil, routes: sets[0]).within(limit)
      for call in calls where allows(held, call) { #expect(allows(limit, call)) }
    }
  }
}
