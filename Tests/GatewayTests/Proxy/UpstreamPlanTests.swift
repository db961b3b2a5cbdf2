// Upstream URLs: what is taken from them and which are refused.
import HTTPServer
import Testing

@testable import Gateway

struct UpstreamPlanTests {
  @Test(
    "host, port, scheme and prefix are taken apart",
    arguments: [
      ("http://a", "a", 80, false, "a", ""), ("https://a", "a", 443, true, "a", ""),
      ("http://a:80/", "a", 80, false, "a", ""), ("http://a:443", "a", 443, false, "a:443", ""),
      ("https://api.example:8443/v1/x/", "api.example", 8443, true, "api.example:8443", "/v1/x"),
      ("http://[::1]:9000/b", "::1", 9000, false, "[::1]:9000", "/b"),
      ("http://[2001:db8::1]", "2001:db8::1", 80, false, "[2001:db8::1]", ""),
      ("HTTP://a", "a", 80, false, "a", ""), ("Https://a/B", "a", 443, true, "a", "/B"),
      ("http://127.0.0.1:9000//", "127.0.0.1", 9000, false, "127.0.0.1:9000", ""),
    ] as [(String, String, UInt16, Bool, String, String)])
  func parses(
    url: String, host: String, port: UInt16, tls: Bool, authority: String, prefix: String
  ) throws {
    let plan = try #require(UpstreamPlan(url))
    #expect(plan.target.host == host)
    #expect(plan.target.port == port)
    #expect(plan.target.tls == tls)
    #expect(plan.authority == Array(authority.utf8))
    #expect(plan.prefix == Array(prefix.utf8))
  }

  @Test(
    "what is no such URL is refused",
    arguments: [
      "", "a", "ftp://a", "http:/a", "http://", "http:///x", "http://:80", "http://a:0",
      "http://a:65536", "http://a:+80", "http://a:8 0", "http://a/?q", "http://a/#f",
      "http://u@a", "http://a\\b", "http://a\r\nX: y", "http://a:", "httpx://a", "http://ä",
    ])
  func refuses(url: String) { #expect(UpstreamPlan(url) == nil) }
}
