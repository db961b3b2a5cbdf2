// The corpus against a real nginx: what both serve must be cut into requests in the same way, and
// what nginx refuses we refuse. Every difference is listed here with its name.

import TestSupport
import Testing

@testable import HTTPServer

@Suite("Difference from nginx")
struct NginxDifferenceTests {
  /// nginx 1.22 serves these; we refuse them.
  static let stricter: Set<String> = [
    "two blanks before target", "two blanks before version", "blank after version",
    "overlong method", "version 1.2", "two-digit minor version", "raw 8-bit byte in target",
    "fragment in target", "absolute form of another host", "absolute form without path",
    "absolute form of another scheme", "two empty lines first", "bare LF after request line",
    "overlong zero length", "no colon", "name is no token", "8-bit byte in name",
    "bare LF after field", "escape in value", "DEL in value", "too many fields",
    "unknown expectation", "bare LF ends the head", "Host is broken IPv6", "Host with user",
    "Host with bad port", "Host with port past 16 bits", "blank after size", "bare LF after size",
    "bare LF after data", "data shorter than size", "overlong size", "NUL in extension",
    "folded trailer", "trailer without colon", "bare LF after trailer", "overlong trailers",
  ]
  /// nginx refuses these; we serve them, because RFC 9110 has methods as any token, and the
  /// asterisk form for OPTIONS, and because two credentials are refused in the policy's words.
  /// What they mean is for handlers to say.
  static let laxer: Set<String> = [
    "lower-case method is a token", "odd token as method", "asterisk with OPTIONS",
    "two Authorization lines", "two Authorization lines, case",
  ]

  @Test("what both serve is framed alike, what nginx refuses is refused")
  func corpus() throws {
    let nginx = try Nginx()
    let server = try TestServer { _ in
      { exchange in
        let text = exchange.head.target.text
        exchange.collectBody(limit: 1000) { result in
          guard case .success = result else { return }
          exchange.respond(Response(status: 200, body: Array(text.utf8)))
        }
      }
    }
    #expect(Self.stricter.union(Self.laxer).isSubset(of: RequestCorpus.all.map(\.name)))
    for given in RequestCorpus.all {
      let ours = Self.answers(server.port, given)
      let theirs = Self.answers(nginx.port, given)
      switch (ours.first?.status == 200, theirs.first?.status == 200) {
      case (true, true):
        #expect(ours.map(\.text) == theirs.map(\.text), "\(given.name)")
      case (false, true): #expect(Self.stricter.contains(given.name), "stricter: \(given.name)")
      case (true, false): #expect(Self.laxer.contains(given.name), "laxer: \(given.name)")
      case (false, false): #expect(ours.count == 1, "\(given.name)")
      }
    }
  }

  /// The answers to the case and to a plain request right behind it.
  private static func answers(_ port: UInt16, _ given: CorpusCase) -> [Answer] {
    let client = RawClient(port: port)
    client.wait(milliseconds: 1500)
    client.send(
      given.bytes + Array("GET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
    var all: [Answer] = []
    while let answer = client.receiveAnswer() { all.append(answer) }
    return all
  }
}
