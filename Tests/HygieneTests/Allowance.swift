// The one table of exceptions to the rules. Each has its reason; a test fails when one is stale.

struct Allowance: Sendable {
  var rule: String
  /// A file, or a folder where it ends in a slash.
  var path: String
  var reason: String

  func covers(rule: String, path: String) -> Bool {
    guard rule == self.rule else { return false }
    return self.path.hasSuffix("/") ? path.hasPrefix(self.path) : path == self.path
  }

  static let all: [Allowance] = [
    Allowance(
      rule: "no unowned(unsafe)", path: "Sources/HTTPServer/",
      reason: "a worker outlives its connections; no reference count per request on the hot path")
  ]
}
