// The client half: reuse, second tries, framing, failures, streaming.

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Upstreams")
struct UpstreamTests {
  private static let get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

  /// Answers every request on a connection with the same text, until the peer ends.
  private static func repeating(_ answer: String) -> ScriptedUpstream {
    ScriptedUpstream { _, peer in
      while peer.receiveHead() != nil { peer.send(answer) }
    }
  }

  @Test("one upstream connection serves many calls")
  func reuse() throws {
    let upstream = Self.repeating("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    for _ in 0..<20 {
      client.send(Self.get)
      #expect(client.receiveAnswer()?.text == "hi")
    }
    #expect(upstream.connections == 1)
  }

  @Test(
    "every way an answer may end reaches the client whole",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 200 OK\r\n"
        + "Content-Length: 5\r\n\r\nhello",
    ])
  func framings(_ answer: String) throws {
    let upstream = ScriptedUpstream { _, peer in
      if peer.receiveHead() != nil { peer.send(answer) }
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    for _ in 0..<2 {
      client.send(Self.get)
      #expect(client.receiveAnswer()?.text == "hello")
    }
  }

  @Test("HEAD, 204 and 304 end with their head")
  func bodyless() throws {
    let upstream = ScriptedUpstream { _, peer in
      while let head = peer.receiveHead() {
        if head.hasPrefix("HEAD") {
          peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        } else {
          peer.send("HTTP/1.1 \(head.contains("/204") ? 204 : 304) x\r\n\r\n")
        }
      }
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    for status in [204, 304] {
      client.send("GET /\(status) HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(client.receiveAnswer()?.status == status)
    }
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer(toHEAD: true)?.status == 200)
    #expect(upstream.connections == 1)
  }

  @Test(
    "a body where there must be none is nobody's answer",
    arguments: [
      ("HEAD", "200 OK", 0), ("HEAD", "200 OK", 60_000), ("GET", "304 Not Modified", 20_000),
      ("GET", "204 No Content", 20_000),
    ])
  func trailingBody(_ method: String, _ status: String, _ microseconds: UInt32) throws {
    let forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    let upstream = ScriptedUpstream { number, peer in
      guard peer.receiveHead() != nil else { return }
      if number > 0 {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        return
      }
      let head = "HTTP/1.1 \(status)\r\nContent-Length: \(forged.utf8.count)\r\n\r\n"
      if microseconds == 0 {
        _ = peer.send(head + forged)
        return
      }
      peer.send(head)
      usleep(microseconds)
      peer.send(forged)
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    client.send("\(method) / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer(toHEAD: method == "HEAD")?.status == Int(status.prefix(3)))
    client.send(Self.get)
    #expect(client.receiveAnswer()?.text == "hi")
  }

  @Test("a connection that was quiet after HEAD is used again")
  func quietAfterHead() throws {
    let upstream = Self.repeating("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n")
    let announcing = ScriptedUpstream { _, peer in
      while let head = peer.receiveHead() {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        if !head.hasPrefix("HEAD") { peer.send("hi") }
      }
    }
    defer {
      upstream.close()
      announcing.close()
    }
    for (peer, pause) in [(upstream, UInt32(0)), (announcing, 1_200_000)] {
      var limits = Limits()
      limits.upstreamProbationMilliseconds = 100
      let server = try TestServer.proxy(to: peer.port, limits: limits)
      let client = RawClient(port: server.port)
      client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(client.receiveAnswer(toHEAD: true)?.status == 200)
      usleep(pause)
      client.send(Self.get)
      #expect(client.receiveAnswer()?.status == 200)
      #expect(peer.connections == 1)
    }
  }

  @Test("a kept connection that died is replaced once, unless the call may have had an effect")
  func retry() throws {
    // Each connection answers one request, swallows the next and closes.
    let upstream = ScriptedUpstream { _, peer in
      guard peer.receiveHead() != nil else { return }
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
      _ = peer.receiveHead()
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    client.send(Self.get)
    #expect(client.receiveAnswer()?.status == 200)
    client.send(Self.get)
    #expect(client.receiveAnswer()?.status == 200)
    #expect(upstream.connections == 2)
    client.send("POST /x HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 502)
  }

  @Test("a fresh connection that dies unanswered is not tried again")
  func noRetryWhenFresh() throws {
    let upstream = ScriptedUpstream { _, peer in _ = peer.receiveHead() }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    client.send(Self.get)
    #expect(client.receiveAnswer()?.status == 502)
    #expect(upstream.connections == 1)
  }

  @Test("refused connections, names without address, silence and garbage are told apart")
  func failures() throws {
    let unreachable = try TestServer.proxy(to: 1)
    let nameless = try TestServer.proxy(to: 80, host: "no-such-name.invalid")
    let silent = ScriptedUpstream { _, peer in
      while peer.receiveHead() != nil {}
    }
    defer { silent.close() }
    let late = try TestServer.proxy(to: silent.port, timeoutSeconds: 1)
    let garbage = Self.repeating("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi")
    defer { garbage.close() }
    let broken = try TestServer.proxy(to: garbage.port)
    for (server, status) in [(unreachable, 503), (nameless, 503), (late, 504), (broken, 502)] {
      let client = RawClient(port: server.port)
      client.send(Self.get)
      #expect(client.receiveAnswer()?.status == status)
    }
  }

  @Test("an answer that is cut off is cut off for the client too")
  func cutOff() throws {
    for answer in [
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
      let upstream = ScriptedUpstream { _, peer in
        if peer.receiveHead() != nil { peer.send(answer) }
      }
      defer { upstream.close() }
      let server = try TestServer.proxy(to: upstream.port)
      let client = RawClient(port: server.port)
      client.send(Self.get)
      #expect(client.receiveAnswer() == nil)
    }
  }

  @Test("names are looked up, and localhost is reached")
  func names() throws {
    let upstream = Self.repeating("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port, host: "localhost")
    let client = RawClient(port: server.port)
    client.send(Self.get)
    #expect(client.receiveAnswer()?.text == "hi")
  }

  @Test("a client that leaves ends its upstream call")
  func clientGone() throws {
    let box = Flag()
    let upstream = ScriptedUpstream { _, peer in
      _ = peer.receiveHead()
      box.flag.store(peer.receiveHead() == nil, ordering: .relaxed)
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    do {
      let client = RawClient(port: server.port)
      client.send(Self.get)
      client.wait(milliseconds: 50)
      #expect(client.receiveSome() == nil)
      client.resetOnClose()
    }
    #expect(eventually { box.isSet })
  }

  @Test("a client that has closed its sending half gets the answer that comes later")
  func halfClosed() throws {
    let upstream = ScriptedUpstream { _, peer in
      _ = peer.receiveHead()
      // Long enough for the proxy to see the client's end first.
      usleep(100_000)
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
      usleep(20_000)
      peer.send("llo")
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    client.send(Self.get)
    client.finishSending()
    #expect(client.receiveAnswer()?.text == "hello")
    #expect(client.receiveToEnd() == [])
  }

  @Test("a client that closed its connection ends a stream at the first pieces it cannot take")
  func closedWhileStreaming() throws {
    let box = Flag()
    let upstream = ScriptedUpstream { _, peer in
      _ = peer.receiveHead()
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
      for _ in 0..<200 {
        guard peer.send("piece") else { return box.flag.store(true, ordering: .relaxed) }
        usleep(10_000)
      }
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    do {
      let client = RawClient(port: server.port)
      client.send(Self.get)
      #expect(client.receiveThrough("\r\n\r\n") != nil)
    }
    #expect(eventually { box.isSet })
  }

  private final class Flag: Sendable {
    let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
  }

  @Test("50 MB go down to a slow reader with bounded memory")
  func download() throws {
    let total = 50 * 1024 * 1024
    let piece = [UInt8](repeating: 7, count: 256 * 1024)
    let upstream = ScriptedUpstream { _, peer in
      guard peer.receiveHead() != nil else { return }
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
      for _ in 0..<(total / piece.count) where !peer.send(piece) { return }
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port, receiveBuffer: 32 * 1024)
    client.send(Self.get)
    #expect(client.receiveThrough("\r\n\r\n") != nil)
    let before = residentBytes()
    var received = 0
    var most = 0
    while received < total, let some = client.receiveSome(16 * 1024), !some.isEmpty {
      received += some.count
      if received % (1024 * 1024) < some.count { most = max(most, residentBytes() - before) }
    }
    #expect(received == total)
    #expect(most < 24 * 1024 * 1024 * Sanitizer.memoryFactor)
  }

  @Test("50 MB go up to a slow upstream with bounded memory", arguments: [true, false])
  func upload(_ isChunked: Bool) throws {
    let total = 50 * 1024 * 1024
    let counted = Flag()
    let upstream = ScriptedUpstream { _, peer in
      guard peer.receiveHead() != nil else { return }
      let got = peer.receiveBody(total)
      counted.flag.store(got >= total, ordering: .relaxed)
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      _ = peer.receiveHead()
    }
    defer { upstream.close() }
    let server = try TestServer.proxy(to: upstream.port)
    let client = RawClient(port: server.port)
    let piece = [UInt8](repeating: 7, count: 64 * 1024)
    let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(total)"
    client.send("POST / HTTP/1.1\r\nHost: h\r\n\(framing)\r\n\r\n")
    let before = residentBytes()
    var most = 0
    for number in 0..<(total / piece.count) {
      if isChunked { client.send("10000\r\n") }
      guard client.send(piece) else { break }
      if isChunked { client.send("\r\n") }
      if number % 16 == 0 { most = max(most, residentBytes() - before) }
    }
    if isChunked { client.send("0\r\n\r\n") }
    #expect(client.receiveAnswer()?.text == "ok")
    #expect(counted.isSet)
    #expect(most < 24 * 1024 * 1024 * Sanitizer.memoryFactor)
  }
}
