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
