// Slow and silent clients, with small limits.

import Glibc
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Deadlines")
struct DeadlineTests {
  private static var short: Limits {
    var limits = Limits()
    limits.headSeconds = 1
    limits.idleSeconds = 1
    limits.bodyWindowSeconds = 1
    limits.writeStallSeconds = 1
    return limits
  }

  @Test("a head that is not complete in time gets 408, however busily it drips")
  func slowHead() throws {
    let server = try TestServer(limits: Self.short) { _ in "never" }
    let client = RawClient(port: server.port)
    client.wait(milliseconds: 100)
    client.send("GET / HTTP/1.1\r\nX: ")
    var answer: [UInt8]?
    for _ in 0..<50 where answer == nil {
      client.send("a")
      answer = client.receiveSome()
    }
    #expect(answer.map { String(decoding: $0, as: UTF8.self) }?.hasPrefix("HTTP/1.1 408 ") == true)
  }

  @Test("a client that says nothing is closed without a word, fresh or between requests")
  func silence() throws {
    let server = try TestServer(limits: Self.short) { _ in "x" }
    let fresh = RawClient(port: server.port)
    #expect(fresh.receiveToEnd() == [])
    let kept = RawClient(port: server.port)
    kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(kept.receiveAnswer()?.status == 200)
    #expect(kept.receiveToEnd() == [])
  }

  @Test("a body below the least rate gets 408")
  func slowBody() throws {
    let server = try TestServer(limits: Self.short) { _ in
      { exchange in
        exchange.collectBody(limit: 100_000) { result in
          if case .success = result { exchange.respond(Response(status: 200)) }
        }
      }
    }
    let client = RawClient(port: server.port)
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\nabc")
    #expect(client.receiveAnswer()?.status == 408)
    #expect(client.receiveToEnd() == [])
  }

  @Test("a handler that takes its time is not hurried, nor is a body it has paused")
  func patientServer() throws {
    let server = try TestServer(limits: Self.short) { worker in
      { exchange in
        let receiver = PausingReceiver(worker, exchange)
        exchange.receiveBody(receiver)
      }
    }
    let client = RawClient(port: server.port)
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
    client.send("cde")
    #expect(client.receiveAnswer()?.text == "5")
  }

  @Test("a client that does not read its answer is closed")
  func stall() throws {
    let gone = Count()
    let server = try TestServer(limits: Self.short) { _ in
      { exchange in
        exchange.watcher = GoneCounter(gone)
        exchange.startResponse(
          status: 200, headerBlock: UnsafeRawBufferPointer(start: nil, count: 0), framing: .chunked)
        let piece = [UInt8](repeating: 1, count: 1024 * 1024)
        for _ in 0..<8 { _ = piece.withUnsafeBytes { exchange.write($0) } }
      }
    }
    let client = RawClient(port: server.port, receiveBuffer: 4096)
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(eventually { gone.value == 1 })
  }
}

private final class GoneCounter: ExchangeWatcher {
  private let gone: Count
  init(_ gone: Count) { self.gone = gone }
  func clientGone() { gone.add() }
}

/// Holds the body back for longer than any deadline, then takes it.
private final class PausingReceiver: BodyReceiver {
  private let exchange: Exchange
  private var count = 0

  init(_ worker: Worker, _ exchange: Exchange) {
    self.exchange = exchange
    exchange.pauseBody()
    self.worker = worker
  }
  private let worker: Worker

  func bodyReceived(_ bytes: UnsafeRawBufferPointer) {
    if count == 0 {
      exchange.pauseBody()
      worker.schedule(afterMilliseconds: 2500) { self.exchange.resumeBody() }
    }
    count += bytes.count
  }

  func bodyEnded() { exchange.respond(Response(status: 200, body: Array("\(count)".utf8))) }
  func bodyFailed(_ error: BodyError) {}
}
