// The transport against a real HTTPS endpoint: what arrives, what is taken of an answer, and what
// is said when there is none.
import Glibc
import TestSupport
import Testing

@testable import Delivery

@Suite("The outbound transport")
struct TransportTests {
  private let certificate: Certificate
  private let receiver: Receiver
  private let transport: RunningTransport

  init() throws {
    certificate = try Certificate()
    receiver = try Receiver(certificate)
    transport = try RunningTransport(authorities: certificate.file)
  }

  private func url(_ path: String, host: String = "localhost") -> String {
    "https://\(host):\(receiver.port)\(path)"
  }

  @Test("The body and the headers arrive as they are, with nothing added but the frame")
  func arrives() async throws {
    let body = String(repeating: "{\"a\":\"\u{e9}\"}", count: 5000)
    let echoed = try await transport.post(url("/echo"), body, maximumAnswer: 1 << 20).get()
    #expect(echoed.status == 200)
    #expect(String(decoding: echoed.body, as: UTF8.self) == body)
    let headers = [
      ("webhook-id", "evt_1"), ("Content-Type", "application/json"), ("X-Empty", ""),
      ("X-Twice", "1"), ("X-Twice", "2"),
    ]
    let head = try await transport.post(url("/head"), "{}", headers: headers).get()
    #expect(
      String(decoding: head.body, as: UTF8.self).split(separator: "\r\n") == [
        "POST /head HTTP/1.1", "Host: localhost:\(receiver.port)", "webhook-id: evt_1",
        "Content-Type: application/json", "X-Empty:", "X-Twice: 1", "X-Twice: 2",
        "Content-Length: 2",
      ])
    let bare = try await transport.post(url("/head"), "").get()
    #expect(
      String(decoding: bare.body, as: UTF8.self).split(separator: "\r\n") == [
        "POST /head HTTP/1.1", "Host: localhost:\(receiver.port)", "Content-Length: 0",
      ])
  }

  @Test("One connection carries many calls, one after the other, for its five minutes")
  func reuse() async throws {
    for _ in 0..<50 { #expect(try await transport.post(url("/ok")).get().status == 200) }
    // More than one only where the machine is so busy that a connection grows too old meanwhile.
    #expect(receiver.connections <= 5)
    #expect(receiver.requests.count == 50)
  }

  @Test("Many calls at once all get their own answer")
  func parallel() async throws {
    let url = url("/echo")
    let right = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<300 {
        group.addTask { [transport] in
          let answer = try? await transport.post(url, "number \(number)").get()
          return answer?.body == Array("number \(number)".utf8)
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(right == 300)
    #expect(receiver.connections <= 64)
  }

  @Test(
    "Redirects, and what asks for another place, are answers like any other",
    arguments: [
      ("/to/301", 301), ("/to/302", 302), ("/to/303", 303), ("/to/307", 307), ("/to/308", 308),
      ("/to-file", 302), ("/refresh", 200), ("/alt-svc", 200), ("/unauthorized", 401),
    ])
  func redirects(path: String, status: Int) async throws {
    let answer = try await transport.post(url(path)).get()
    #expect(answer.status == status)
    #expect(receiver.requests == ["POST \(path)"])
    #expect(receiver.connections == 1)
    if path == "/alt-svc" {
      // To the same receiver; a slow machine may have given up the connection meanwhile.
      #expect(try await transport.post(url("/ok")).get().status == 200)
      #expect(receiver.requests == ["POST /alt-svc", "POST /ok"])
    }
  }

  @Test("Cookies are not kept, encodings not undone, NULs no end")
  func plain() async throws {
    _ = try await transport.post(url("/cookie")).get()
    let head = try await transport.post(url("/head")).get()
    #expect(!String(decoding: head.body, as: UTF8.self).lowercased().contains("cookie"))
    let bomb = try await transport.post(url("/gzip")).get()
    #expect(bomb.header("content-encoding") == "gzip")
    #expect(bomb.body.prefix(2) == [0x1f, 0x8b] && bomb.body.count < 64 << 10)
    #expect(try await transport.post(url("/empty")).get().body.isEmpty)
    let interim = try await transport.post(url("/interim")).get()
    #expect(interim.status == 200 && interim.header("x-late") == "1")
    #expect(interim.header("x-early") == nil)
    let busy = try await transport.post(url("/busy")).get()
    #expect(busy.status == 503 && busy.header("Retry-After") == "7")
    if case .success(let answer) = await transport.post(url("/nul")) {
      #expect(answer.body == [0x61, 0, 0x62, 0])
    }
  }

  @Test(
    "An answer that is too large, too slow or no answer is a failure that says so",
    arguments: [
      ("/huge", .answerTooLarge), ("/huge-chunked", .answerTooLarge),
      ("/huge-head", .answerTooLarge), ("/drip", .timedOut), ("/drip-head", .timedOut),
      ("/silent", .timedOut), ("/half", .connectionLost), ("/nothing", .connectionLost),
      ("/garbage", .answerMalformed), ("/old", .answerMalformed), ("/bad-chunk", .connectionLost),
    ] as [(String, OutboundFailure.Reason)])
  func hostile(path: String, reason: OutboundFailure.Reason) async throws {
    let failure = try #require(await transport.post(url(path), seconds: 1).failure)
    #expect(failure.reason == reason, "\(failure.detail)")
    #expect(failure.mayHaveArrived)
    #expect(failure.latencyMilliseconds < 5000)
    #expect(failure.detail.hasSuffix(".") && failure.detail.contains("localhost"))
    // The thread and the other connections are none the worse.
    #expect(try await transport.post(url("/ok")).get().status == 200)
  }

  @Test("Endless interim answers, half a head and a negative length end in a failure")
  func others() async throws {
    for path in ["/interims", "/half-head", "/bad-length"] {
      let failure = await transport.post(url(path), seconds: 1).failure
      #expect(failure?.mayHaveArrived == true, "\(path)")
    }
  }

  @Test("An endpoint with another name's, an unknown or no certificate gets nothing")
  func certificates() async throws {
    let named = try Certificate(names: "DNS:other.test")
    let other = try Receiver(named)
    let trusting = try RunningTransport(authorities: named.file)
    let wrongName = try #require(await trusting.post("https://localhost:\(other.port)/ok").failure)
    #expect(wrongName.reason == .tlsFailed && !wrongName.mayHaveArrived)
    #expect(wrongName.detail == "The certificate of localhost is for another name.")
    let unknown = try #require(await transport.post("https://localhost:\(other.port)/ok").failure)
    #expect(unknown.reason == .tlsFailed && !unknown.mayHaveArrived)
    #expect(unknown.detail.contains("self-signed"))
    #expect(other.requests.isEmpty)
    let plain = try Sinkhole()
    let noTLS = try #require(await transport.post("https://localhost:\(plain.port)/").failure)
    #expect([.tlsFailed, .connectionLost].contains(noTLS.reason) && !noTLS.mayHaveArrived)
  }

  @Test(
    "The same endpoint is trusted by its name and by its address, where the certificate has both")
  func addressInCertificate() async throws {
    #expect(try await transport.post(url("/ok", host: "127.0.0.1")).get().status == 200)
    #expect(try await transport.post(url("/ok", host: "LOCALHOST")).get().status == 200)
  }

  @Test("Where nobody listens, or nobody answers the handshake, nothing has left")
  func nothingLeft() async throws {
    let refused = try #require(await transport.post("https://localhost:1/").failure)
    #expect(refused.reason == .notConnected && !refused.mayHaveArrived)
    let (deaf, port) = Loopback.listen()
    defer { close(deaf) }
    let silent = try #require(
      await transport.post("https://localhost:\(port)/", seconds: 1).failure)
    #expect(silent.reason == .timedOut && !silent.mayHaveArrived)
    let nameless = try #require(
      await transport.post("https://no-such-name.invalid/", seconds: 5).failure)
    #expect([.nameNotResolved, .timedOut].contains(nameless.reason) && !nameless.mayHaveArrived)
  }

  @Test("A header that would be two, or that frames the message, is not sent")
  func headers() async throws {
    for header in [
      ("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1"), ("X A", "1"), ("", "1"), ("Host", "x"),
      ("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("X-A", "\0"),
    ] {
      let failure = await transport.post(url("/ok"), headers: [header]).failure
      #expect(failure?.mayHaveArrived == false, "\(header)")
    }
    #expect(receiver.requests.isEmpty)
  }

  @Test("A kept connection that its endpoint has closed is no failure")
  func staleConnections() async throws {
    for _ in 0..<20 {
      #expect(try await transport.post(url("/closing")).get().status == 200)
    }
    #expect(receiver.connections == 20)
  }

  @Test("Draining lets calls end, cutting ends them; afterwards nothing is called")
  func stopping() async throws {
    let slow = Task { [transport] in await transport.post(url("/silent"), seconds: 600) }
    while receiver.requests.isEmpty { await Task.yield() }
    transport.transport.drain()
    let late = try #require(await transport.post(url("/ok")).failure)
    #expect(late.reason == .cancelled && !late.mayHaveArrived)
    transport.transport.cut()
    let cut = try #require(await slow.value.failure)
    #expect(cut.reason == .cancelled && cut.mayHaveArrived)
    #expect(receiver.requests == ["POST /silent"])
  }

  @Test("A file without a certificate is not taken for one")
  func authorities() throws {
    for file in ["/nonexistent", certificate.key] {
      #expect(throws: CurlFault.self) { try CurlTransport(allow: [], authorities: file) }
    }
  }
}

extension Result where Failure == OutboundFailure {
  var failure: OutboundFailure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
