// TLS on both halves at once: a plain client, a proxy that speaks TLS to its upstream, and a TLS
// listener as that upstream, with a certificate made on the spot.

import TestSupport
import Testing

@testable import HTTPServer

@Suite("TLS")
struct TLSTests {
  private static func certificate(_ folder: TemporaryFolder, _ name: String) throws -> TLSFiles {
    let files = TLSFiles(
      certificate: "\(folder.path)/\(name).crt", key: "\(folder.path)/\(name).key")
    try Programs.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      "-keyout", files.key, "-out", files.certificate,
    ])
    return files
  }

  private static func echo(_ files: TLSFiles) throws -> TestServer {
    try TestServer(tls: files) { _ in
      { exchange in
        let isTLS = exchange.head.isTLS
        exchange.collectBody(limit: 20_000_000) { result in
          let body = (try? result.get()) ?? []
          exchange.respond(Response(status: isTLS ? 200 : 500, body: body))
        }
      }
    }
  }

  @Test("bodies of every size pass through TLS both ways on kept connections")
  func bodies() throws {
    let folder = try TemporaryFolder()
    let files = try Self.certificate(folder, "good")
    let server = try Self.echo(files)
    let proxy = try TestServer.proxy(
      to: server.port, host: "localhost", tls: true, authorities: files.certificate)
    let client = RawClient(port: proxy.port)
    for size in [0, 1, 16_383, 16_384, 16_385, 100_000, 5_000_000] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
      client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
      onThread { [descriptor = client.descriptor] in sendAll(descriptor, body) }
      let answer = client.receiveAnswer()
      #expect(answer?.status == 200)
      #expect(answer?.body == body, "\(size) bytes")
    }
  }

  @Test("an upstream with an unknown certificate or another name is not spoken to")
  func verification() throws {
    let folder = try TemporaryFolder()
    let files = try Self.certificate(folder, "good")
    let other = try Self.certificate(folder, "other")
    let server = try Self.echo(files)
    for (host, authorities) in [
      ("localhost", other.certificate), ("127.0.0.1", files.certificate),
      ("localhost", "/nonexistent"), ("localhost", nil),
    ] {
      let proxy = try TestServer.proxy(
        to: server.port, host: host, tls: true, authorities: authorities)
      let client = RawClient(port: proxy.port)
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(client.receiveAnswer()?.status == 503, "\(host) \(authorities ?? "system")")
    }
  }

  @Test("a client that speaks plain HTTP to a TLS port is closed, and others go on")
  func plainOnTLS() throws {
    let folder = try TemporaryFolder()
    let files = try Self.certificate(folder, "good")
    let server = try Self.echo(files)
    let client = RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.receiveAnswer() == nil)
    try Programs.run([
      "curl", "-fsS", "--http1.1", "--cacert", files.certificate,
      "https://localhost:\(server.port)/",
    ])
  }

  @Test("old protocols and foreign application protocols are refused")
  func protocols() throws {
    let folder = try TemporaryFolder()
    let files = try Self.certificate(folder, "good")
    let server = try Self.echo(files)
    let base = ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"]
    #expect(throws: ProgramFailed.self) { try Programs.run(base + ["-tls1_1"]) }
    #expect(throws: ProgramFailed.self) { try Programs.run(base + ["-alpn", "h2"]) }
  }

  @Test("a certificate that cannot be used is named with its file and the reason")
  func badFiles() throws {
    let folder = try TemporaryFolder()
    let good = try Self.certificate(folder, "good")
    let other = try Self.certificate(folder, "other")
    let junk = try folder.write("junk.pem", "no certificate")
    let cases = [
      (TLSFiles(certificate: "/nonexistent.crt", key: good.key), "/nonexistent.crt"),
      (TLSFiles(certificate: junk, key: good.key), junk),
      (TLSFiles(certificate: good.certificate, key: "/nonexistent.key"), "/nonexistent.key"),
      (TLSFiles(certificate: good.certificate, key: other.key), other.key),
    ]
    for (files, named) in cases {
      let error = #expect(throws: ListenError.self) { try Self.echo(files) }
      #expect(error?.description.contains(named) == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("unknown reason") == false)
    }
  }
}
