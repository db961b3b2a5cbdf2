// Which URLs are called, by their form alone.
import HTTPServer
import Testing

@testable import Delivery

@Suite("Endpoint URLs")
struct EndpointURLTests {
  private let closed = AddressGuard(allow: [])

  @Test("Plain https URLs are read", arguments: URLCorpus.plain)
  func plain(url: String) throws {
    let read = try EndpointURL.read(url, closed)
    #expect(read.text == url)
    #expect(read.literal == nil)
    #expect(read.port == 443 || read.port == 8443)
  }

  @Test("Without an allow-list only two ports and no addresses are called")
  func closedDoors() {
    for url in ["https://example.com:80/", "https://example.com:9000/", "https://8.8.8.8/"] {
      #expect(throws: EndpointURLFault.self) { try EndpointURL.read(url, closed) }
    }
  }

  @Test("Inside the allow-list addresses and every port are")
  func open() throws {
    let ranges = ["127.0.0.0/8", "::1"].compactMap { CIDR($0) }
    for (url, host, port) in [
      ("https://127.0.0.1:9000/", "127.0.0.1", 9000), ("https://[::1]:1/x", "::1", 1),
      ("https://localhost:9000/", "localhost", 9000), ("https://127.0.0.1", "127.0.0.1", 443),
    ] {
      let read = try EndpointURL.read(url, AddressGuard(allow: ranges))
      #expect(read.host == host && Int(read.port) == port)
    }
    #expect(throws: EndpointURLFault.self) {
      try EndpointURL.read("https://10.0.0.1/", AddressGuard(allow: ranges))
    }
  }

  @Test("The corpus has more than 200 forms, no two alike, each a URL of its own to refuse")
  func corpus() {
    let corpus = URLCorpus.hostile(port: 9000)
    #expect(Set(corpus).count == corpus.count)
    #expect(corpus.count >= 200)
    let names = corpus.filter { (try? EndpointURL.read($0, closed)) != nil }
    #expect(names.isEmpty, "\(names)")
  }
}
