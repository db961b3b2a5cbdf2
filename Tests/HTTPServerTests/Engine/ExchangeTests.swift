// Requests and answers over real sockets: framing, order, keeping alive.

import Glibc
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Exchanges")
struct ExchangeTests {
  @Test("a request is answered and the connection stays open for the next")
  func keepAlive() throws {
    let server = try TestServer { "\($0.head.method.text) \($0.head.target.text)" }
    let client = RawClient(port: server.port)
    for path in ["/a", "/b?x=1"] {
      client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
      let answer = try #require(client.receiveAnswer())
      #expect(answer.status == 200)
      #expect(answer.text == "GET \(path)")
      #expect(answer["date"]?.hasSuffix(" GMT") == true)
      #expect(answer["connection"] == nil)
    }
  }

  @Test("pipelined requests are answered in order, however they are cut")
  func pipelining() throws {
    let server = try TestServer { $0.head.target.text }
    let requests = (0..<200).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
    for size in [7, 64, 10_000] {
      let client = RawClient(port: server.port)
      var rest = Array(requests.utf8)[...]
      while !rest.isEmpty {
        client.send(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      for number in 0..<200 {
        #expect(client.receiveAnswer()?.text == "/\(number)")
      }
    }
  }

  @Test("a handler that answers later still keeps pipelined requests in order")
  func laterAnswers() throws {
    let server = try TestServer { worker in
      { exchange in
        let text = exchange.head.target.text
        worker.schedule(afterMilliseconds: text.count % 3) {
          exchange.respond(Response(status: 200, body: Array(text.utf8)))
        }
      }
    }
    let client = RawClient(port: server.port)
    for number in 0..<50 { client.send("GET /\(number * 37) HTTP/1.1\r\nHost: h\r\n\r\n") }
    for number in 0..<50 { #expect(client.receiveAnswer()?.text == "/\(number * 37)") }
  }

  @Test("HTTP/1.0 closes unless it asks not to, and Connection: close closes")
  func versions() throws {
    let server = try TestServer { _ in "x" }
    let old = RawClient(port: server.port)
    old.send("GET / HTTP/1.0\r\n\r\n")
    #expect(old.receiveAnswer()?["connection"] == "close")
    #expect(old.receiveToEnd() == [])
    let kept = RawClient(port: server.port)
    for _ in 0..<2 {
      kept.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
      #expect(kept.receiveAnswer()?["connection"] == "keep-alive")
    }
    let closing = RawClient(port: server.port)
    closing.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo , Close\r\n\r\n")
    #expect(closing.receiveAnswer()?["connection"] == "close")
    #expect(closing.receiveToEnd() == [])
  }

  @Test("HEAD, 204 and 304 have no body, and what follows is framed right")
  func bodyless() throws {
    let server = try TestServer { _ in
      { exchange in
        let status = Int(exchange.head.target.text.dropFirst()) ?? 0
        exchange.respond(Response(status: status, body: Array("12345".utf8)))
      }
    }
    let client = RawClient(port: server.port)
    client.send("HEAD /200 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer(toHEAD: true)?["content-length"] == "5")
    client.send("GET /204 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?["content-length"] == nil)
    client.send("GET /304 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 304)
    client.send("GET /200 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?.text == "12345")
  }

  @Test("a body arrives whole, with a length or in chunks, however it is cut")
  func bodies() throws {
    let server = try TestServer { _ in
      { exchange in
        exchange.collectBody(limit: 1000) { result in
          guard case .success(let bytes) = result else {
            return exchange.respond(Response(status: 413))
          }
          exchange.respond(Response(status: 200, body: bytes))
        }
      }
    }
    let requests = [
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n",
    ]
    for request in requests {
      let bytes = Array(request.utf8)
      for cut in stride(from: 1, to: bytes.count, by: 3) {
        let client = RawClient(port: server.port)
        client.send(bytes[..<cut])
        client.send(bytes[cut...])
        client.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.receiveAnswer()?.text == "hello world")
        #expect(client.receiveAnswer()?.text == "")
      }
    }
    let client = RawClient(port: server.port)
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 413)
  }

  @Test("100-continue is sent when the body is asked for, and only then")
  func expectation() throws {
    let server = try TestServer { _ in
      { exchange in
        guard exchange.head.path.text == "/take" else {
          return exchange.respond(Response(status: 403))
        }
        exchange.collectBody(limit: 100) { result in
          exchange.respond(Response(status: 200, body: (try? result.get()) ?? []))
        }
      }
    }
    let head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    let taken = RawClient(port: server.port)
    taken.send("POST /take \(head)")
    #expect(taken.receiveAnswer()?.status == 100)
    taken.send("abc")
    #expect(taken.receiveAnswer()?.text == "abc")
    let refused = RawClient(port: server.port)
    refused.send("POST /no \(head)")
    let answer = try #require(refused.receiveAnswer())
    #expect(answer.status == 403)
    #expect(answer["connection"] == "close")
    #expect(refused.receiveToEnd() == [])
  }

  @Test("a small unread body is dropped, a large one ends the connection")
  func unreadBodies() throws {
    let server = try TestServer { $0.head.target.text }
    let small = RawClient(port: server.port)
    small.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
    small.send([UInt8](repeating: 120, count: 100_000))
    small.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(small.receiveAnswer()?.text == "/1")
    #expect(small.receiveAnswer()?.text == "/2")
    let large = RawClient(port: server.port)
    large.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
    #expect(large.receiveAnswer()?["connection"] == "close")
    #expect(large.receiveToEnd() == [])
  }

  @Test("a malformed request gets a problem document and the end of the connection")
  func problems() throws {
    let server = try TestServer { worker in
      worker.nameRequest = { "req_7" }
      return { _ in }
    }
    let client = RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let answer = try #require(client.receiveAnswer())
    #expect(answer.status == 400)
    #expect(answer["content-type"] == "application/problem+json")
    #expect(answer["cache-control"] == "no-store")
    #expect(answer["x-content-type-options"] == "nosniff")
    #expect(answer["x-request-id"] == "req_7")
    #expect(
      answer.text == """
        {"type":"about:blank","title":"Bad Request","status":400,\
        "detail":"There must be exactly one valid Host.","instance":"urn:latchkey:request:req_7",\
        "code":"malformed_request","request_id":"req_7"}

        """)
    #expect(client.receiveToEnd() == [])
  }

  @Test(
    "who writes a streamed answer from elsewhere is held back, and hears that the client is gone")
  func room() throws {
    let written = Count()
    let ended = Count()
    let server = try TestServer { _ in
      { exchange in
        let ticket = exchange.detach()
        Task(executorPreference: OwnThreads()) {
          ticket.start(status: 200, headers: [])
          let piece = [UInt8](repeating: 120, count: 64 * 1024)
          while !ticket.isGone {
            if ticket.write(piece) { written.add() } else { await ticket.room() }
          }
          ended.add()
        }
      }
    }
    var client: RawClient? = RawClient(port: server.port, receiveBuffer: 65_536)
    client?.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client?.receiveThrough("\r\n\r\n") != nil)
    #expect(client?.receiveExactly(4 << 20) != nil)
    usleep(300_000)
    #expect(written.value < 400)
    client?.resetOnClose()
    client = nil
    for _ in 0..<6000 where ended.value == 0 { usleep(10_000) }
    #expect(ended.value == 1)
  }
}
