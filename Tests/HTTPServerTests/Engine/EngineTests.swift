// Starting, listening, draining, threads and limits.

import Glibc
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Engine")
struct EngineTests {
  private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test("draining lets the call in flight finish, closes idle connections, takes no new ones")
  func drain() throws {
    let began = Count()
    let server = try TestServer { worker in
      { exchange in
        began.add()
        let delay = exchange.head.path.text == "/slow" ? 300 : 0
        worker.schedule(afterMilliseconds: delay) { exchange.respond(Response(status: 200)) }
      }
    }
    let idle = RawClient(port: server.port)
    idle.send(Self.get)
    #expect(idle.receiveAnswer()?.status == 200)
    let busy = RawClient(port: server.port)
    busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(eventually { began.value == 2 })
    server.drain()
    let answer = busy.receiveAnswer()
    #expect(answer?.status == 200)
    #expect(answer?["connection"] == "close")
    #expect(busy.receiveToEnd() == [])
    #expect(idle.receiveToEnd() == [])
    let late = RawClient(port: server.port)
    late.send(Self.get)
    #expect(late.receiveAnswer() == nil)
  }

  @Test("draining ends what does not end by itself")
  func drainDeadline() throws {
    var limits = Limits()
    limits.drainSeconds = 1
    let began = Count()
    let server = try TestServer(limits: limits) { _ in { _ in began.add() } }
    let client = RawClient(port: server.port)
    client.send(Self.get)
    #expect(eventually { began.value == 1 })
    server.drain()
    #expect(client.receiveAnswer() == nil)
  }

  @Test("a port in use is named, and nothing stays open")
  func portInUse() throws {
    let server = try TestServer { _ in "x" }
    let engine = Engine(
      workers: 2,
      listeners: [
        ListenerSettings(name: "free", host: "127.0.0.1", port: 0),
        ListenerSettings(name: "api", host: "127.0.0.1", port: server.port),
      ], limits: Limits(), trustedProxies: []
    ) { _ in [:] }
    do {
      _ = try engine.start()
      Issue.record("started on a port in use")
    } catch {
      #expect(error.description.contains("api on 127.0.0.1:\(server.port)"))
      #expect(error.description.contains("in use"))
    }
  }

  @Test("all workers share one port and serve")
  func workers() throws {
    let server = try TestServer(workers: 3) { worker in
      { $0.respond(Response(status: 200, body: [UInt8(worker.index)])) }
    }
    var seen: Set<UInt8> = []
    for _ in 0..<200 where seen.count < 3 {
      let client = RawClient(port: server.port)
      client.send(Self.get)
      if let index = client.receiveAnswer()?.body.first { seen.insert(index) }
    }
    #expect(seen == [0, 1, 2])
  }

  @Test("a Unix socket is served, private to its owner, and removed at the end")
  func unixSocket() throws {
    let path = "/tmp/latchkey-test-\(getpid()).sock"
    let server = try TestServer(workers: 2, unixPath: path) { _ in
      { $0.respond(Response(status: 200, body: Array("unix".utf8))) }
    }
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let client = RawClient(unixPath: path)
    client.send(Self.get)
    #expect(client.receiveAnswer()?.text == "unix")
    server.drain()
    #expect(stat(path, &status) != 0)
  }

  @Test("past the most connections, further ones wait until one leaves")
  func connectionCap() throws {
    var limits = Limits()
    limits.connectionsPerWorker = 2
    let server = try TestServer(limits: limits) { _ in "x" }
    var first: RawClient? = RawClient(port: server.port)
    let second = RawClient(port: server.port)
    for client in [first, second] {
      client?.send(Self.get)
      #expect(client?.receiveAnswer()?.status == 200)
    }
    let third = RawClient(port: server.port)
    third.wait(milliseconds: 100)
    third.send(Self.get)
    #expect(third.receiveSome() == nil)
    first = nil
    third.wait(milliseconds: 5000)
    #expect(third.receiveAnswer()?.status == 200)
  }

  @Test("the client behind trusted proxies is the right-most address nobody vouches for")
  func clientAddress() throws {
    let trusted = try ["127.0.0.1", "10.0.0.0/8"].map { try #require(CIDR($0)) }
    let server = try TestServer(trusted: trusted) { _ in
      { $0.respond(Response(status: 200, body: Array($0.clientAddress.text.utf8))) }
    }
    let cases = [
      ("", "127.0.0.1"), ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
      ("X-Forwarded-For: 6.6.6.6, 192.0.2.1 , 10.1.1.1\r\n", "192.0.2.1"),
      ("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.1.1.1\r\n", "192.0.2.1"),
      ("X-Forwarded-For: 6.6.6.6, unknown, 10.1.1.1\r\n", "10.1.1.1"),
      ("X-Forwarded-For: 10.2.2.2, 10.1.1.1\r\n", "10.2.2.2"),
      ("X_Forwarded_For: 192.0.2.1\r\n", "127.0.0.1"),
      ("X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"),
    ]
    let client = RawClient(port: server.port)
    for (field, expected) in cases {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\(field)\r\n")
      #expect(client.receiveAnswer()?.text == expected)
    }
  }

  @Test("nobody is believed where no proxy is trusted")
  func untrusted() throws {
    let server = try TestServer { $0.clientAddress.text }
    let client = RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    #expect(client.receiveAnswer()?.text == "127.0.0.1")
  }

  @Test("a ticket answers from another thread, whole, streamed, or with 500 when it is dropped")
  func tickets() throws {
    let server = try TestServer { _ in
      { exchange in
        let path = exchange.head.path.text
        let ticket = exchange.detach()
        onThread {
          switch path {
          case "/whole": ticket.respond(Response(status: 201, body: [65]))
          case "/stream":
            ticket.start(
              status: 200, headers: [ResponseHeader("Content-Type", "text/event-stream")])
            for _ in 0..<10 { _ = ticket.write(Array("data: x\n\n".utf8)) }
            ticket.finish()
          default: break
          }
        }
      }
    }
    let client = RawClient(port: server.port)
    client.send("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 201)
    client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
    let answer = client.receiveAnswer()
    #expect(answer?["content-type"] == "text/event-stream")
    #expect(answer?.text == String(repeating: "data: x\n\n", count: 10))
    client.send("GET /dropped HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 500)
  }

  @Test("header values from the control plane cannot split an answer")
  func splitting() throws {
    let server = try TestServer { _ in
      { exchange in
        exchange.respond(
          Response(
            status: 200,
            headers: [
              ResponseHeader("X-Good", "y"), ResponseHeader("X-Bad", "a\r\nSet-Cookie: b"),
              ResponseHeader("Bad name", "y"), ResponseHeader("Content-Length", "99"),
            ]))
      }
    }
    let client = RawClient(port: server.port)
    client.send(Self.get)
    let answer = try #require(client.receiveAnswer())
    #expect(answer["x-good"] == "y")
    #expect(answer["x-bad"] == nil && answer["set-cookie"] == nil && answer["bad name"] == nil)
    #expect(answer.headers["content-length"] == ["0"])
  }

  @Test("5,000 half-sent heads and 4,000 idle connections cost little memory each")
  func manyConnections() throws {
    raiseDescriptorLimit()
    let server = try TestServer { _ in "x" }
    var clients: [RawClient] = []
    let before = residentBytes()
    for number in 0..<9000 {
      let client = RawClient(port: server.port)
      if number < 5000 {
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
      } else {
        client.send(Self.get)
        #expect(client.receiveAnswer()?.status == 200)
      }
      clients.append(client)
    }
    let each = (residentBytes() - before) / clients.count
    let bound = 8 * 1024 * Sanitizer.memoryFactor
    #expect(each < bound, "\(each) bytes per connection, client half included")
  }
}
