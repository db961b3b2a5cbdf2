// Routes, raw paths and ways around the method.
import KeyModel
import Testing

@Suite("Routes")
struct RouteTests {
  static func matches(_ pattern: (String, String), _ method: String, _ path: String) -> Bool {
    Array(method.utf8).withUnsafeBytes { method in
      Array(path.utf8).withUnsafeBytes { path in
        RoutePattern(method: pattern.0, path: pattern.1).matches(method: method, path: path)
      }
    }
  }

  @Test("a pattern fits its method and its path, byte for byte")
  func patterns() {
    #expect(Self.matches(("GET", "/v1/keys"), "GET", "/v1/keys"))
    #expect(!Self.matches(("GET", "/v1/keys"), "get", "/v1/keys"))
    #expect(!Self.matches(("GET", "/v1/keys"), "POST", "/v1/keys"))
    #expect(!Self.matches(("GET", "/v1/keys"), "GET", "/v1/keys/"))
    #expect(!Self.matches(("GET", "/v1/keys"), "GET", "/v1/Keys"))
    #expect(Self.matches(("*", "/v1/*"), "DELETE", "/v1/"))
    #expect(Self.matches(("*", "/v1/*"), "DELETE", "/v1/a/b"))
    #expect(!Self.matches(("*", "/v1/*"), "DELETE", "/v1"))
    #expect(!Self.matches(("*", "/v1/*"), "DELETE", "/v2/v1/"))
    #expect(Self.matches(("*", "/documents*"), "GET", "/documents-x"))
    #expect(Self.matches(("GET", "/a"), "", "/a"))
  }

  @Test(
    "paths that every server reads alike pass",
    arguments: [
      "/", "/a", "/a/", "/a/b.c", "/a/...", "/a/.b", "/a/b..", "/a%20b", "/%C3%A9", "/a:b@c",
      "/a=b,c!$&'()+", "/a*",
    ])
  func unambiguous(path: String) {
    #expect(PathGuard.isUnambiguous(path))
  }

  @Test(
    "paths that might be read in two ways do not",
    arguments: [
      "", "a", "//", "/a//b", "/a/./b", "/a/../b", "/.", "/..", "/a/..", "/a/%2e%2e/b", "/a/%2E/b",
      "/a/.%2e/b", "/a;b", "/a/;/b", "/a%3Bb", "/a\\b", "/a%5cb", "/a%2fb", "/a%00", "/a%0a", "/a%",
      "/a%2", "/a%g0", "/%61", "/%41", "/a%2D", "/a%252e", "/a b", "/a\u{0}", "/a\n", "/a\u{7F}",
      "/a%7f", "/a#b", "*",
    ])
  func ambiguous(path: String) {
    #expect(!PathGuard.isUnambiguous(path))
  }

  @Test(
    "dot segments are found however they are written, and nothing else is taken for one",
    arguments: [
      ("/..", true), ("/a/../b", true), ("/./a", true), ("/a/.", true), ("/%2e%2E/a", true),
      ("/.%2e", true), ("/a\\..\\b", true), ("/a/%2f../b", true), ("/a%5c..%5cb", true),
      ("/..;x/b", true), ("/a/..;", true), ("/", false), ("/a", false), ("/...", false),
      ("/..a", false), ("/a..", false), ("/a.b/c", false), ("/a;..", false), ("/a%2fb", false),
      ("//a", false),
    ])
  func dotSegments(path: String, expected: Bool) {
    #expect(Array(path.utf8).withUnsafeBytes { PathGuard.hasDotSegment($0) } == expected)
  }

  static func overrides(_ query: String) -> Bool {
    Array(query.utf8).withUnsafeBytes { MethodRule.overridesMethod($0) }
  }

  @Test(
    "a method override is found however it is written",
    arguments: [
      "_method=DELETE", "a=b&_method=PUT", "a=b;_method=PUT", "_method", "_METHOD=DELETE",
      "%5fmethod=DELETE", "%5Fm%65thod=%44ELETE", "_method%3DDELETE", "_method[]=DELETE",
      "_method%5b%5d=x", ".method=DELETE", "+_method=DELETE", "%20_method=x", "_method%00x=1",
      "&&_method=x", "_method&a=b",
    ])
  func findsOverride(query: String) {
    #expect(Self.overrides(query))
  }

  @Test(
    "what only resembles one is let be",
    arguments: [
      "", "a=_method", "method=x", "x_method=y", "_methods=1", "__method=1", "%", "_m", "&",
    ])
  func noOverride(query: String) {
    #expect(!Self.overrides(query))
  }

  @Test("only GET, HEAD and OPTIONS read")
  func reading() {
    func reads(_ method: String, _ query: String? = nil) -> Bool {
      Array(method.utf8).withUnsafeBytes { method in
        guard let query else { return MethodRule.isReading(method, query: nil) }
        return Array(query.utf8).withUnsafeBytes { MethodRule.isReading(method, query: $0) }
      }
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
      #expect(reads(method))
      #expect(reads(method, "a=b"))
      #expect(!reads(method, "_method=DELETE"))
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "PROPFIND", "GETX"] {
      #expect(!reads(method))
    }
    #expect(reads(""))
  }
}
