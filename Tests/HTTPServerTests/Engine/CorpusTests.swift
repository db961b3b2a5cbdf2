// The corpus over real sockets: what is refused is answered as a problem and ends the connection,
// what is served leaves it usable.

import TestSupport
import Testing

@testable import HTTPServer

@Suite("Corpus over sockets")
struct CorpusTests {
  @Test("each case gets its status, and the connection its fate")
  func corpus() throws {
    let server = try TestServer { _ in
      { exchange in
        let text = exchange.head.target.text
        exchange.collectBody(limit: 1000) { result in
          guard case .success = result else { return }
          exchange.respond(Response(status: 200, body: Array(text.utf8)))
        }
      }
    }
    for given in RequestCorpus.all {
      let client = RawClient(port: server.port)
      client.send(given.bytes)
      let answer = client.receiveAnswer()
      #expect(answer?.status == given.status, "\(given.name)")
      if given.status != 200 {
        #expect(answer?["content-type"] == "application/problem+json", "\(given.name)")
      }
      #expect((answer?["connection"] != "close") == given.keeps, "\(given.name)")
      if given.keeps {
        client.send("GET /after HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.receiveAnswer()?.text == "/after", "\(given.name)")
      } else {
        #expect(client.receiveToEnd() == [], "\(given.name)")
      }
    }
  }
}
