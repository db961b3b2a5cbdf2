// Which URLs are one endpoint.
import Testing

@testable import Delivery

@Suite("Identities of endpoints")
struct EndpointIdentityTests {
  @Test(
    "Another spelling is the same endpoint",
    arguments: [
      ("https://h.example/in", "HTTPS://h.example/in"),
      ("https://h.example/in", "https://H.EXAMPLE/in"),
      ("https://h.example/in", "https://h.example:443/in"),
      ("https://h.example/in", "https://h.example/in?"),
      ("https://h.example/in", "https://h.example/%69n"),
      ("https://h.example/in", "https://h.example/./in"),
      ("https://h.example/in", "https://h.example/a/../in"),
      ("https://h.example/in", "https://h.example/a/%2E./b/%2e%2e/../in"),
      ("https://h.example/in", "https://h.example/../in"),
      ("https://h.example", "https://h.example/"), ("https://h.example", "https://h.example?"),
      ("https://h.example/a/", "https://h.example/a/."),
      ("https://h.example/a/", "https://h.example/a/b/.."),
      ("https://h.example/%2f?a=%7e%3d", "https://h.example/%2F?a=~%3D"),
      ("https://h.example:8443/", "https://h.example:8443"),
      ("https://[::1]/", "https://[0:0:0:0:0:0:0:1]:443"),
    ])
  func same(one: String, other: String) {
    #expect(EndpointIdentity(one) == EndpointIdentity(other))
  }

  @Test("What may be answered by another is another, and what is no URL is itself")
  func others() {
    let texts = [
      "https://h.example/in", "https://h.example/in/", "https://h.example/In",
      "https://h.example/in?a", "https://h.example/in?A", "https://h.example/in?a=1",
      "https://h.example:8443/in", "https://g.example/in", "https://h.example/%2Fin",
      "https://h.example//in", "https://h.example/i%252e", "https://h.example/i%2",
      "http://h.example/in", "h.example/in", "H.example/in", "", "https://h.example/in#",
    ]
    #expect(Set(texts.map { EndpointIdentity($0) }).count == texts.count)
  }
}
