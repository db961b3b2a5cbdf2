// The head that reaches the upstream: nothing of the client's says who it is, nothing of its
// connection goes on, and everything else is as it was.
import HTTPServer
import KeyModel
import Testing

@testable import Gateway
@testable import Verification

struct ForwardedHeadTests {
  private let names = FixedTexts([Array("authorization".utf8)])

  private func passed(_ pairs: [(String, String)]) -> String {
    let out = OutputBuffer()
    ForwardedHead.appendFields(fields(pairs), without: names, to: out)
    return out.text
  }

  @Test(
    "no spelling of what only we may say goes on",
    arguments: [
      "X-Latchkey-Key", "x-latchkey-key", "X-LATCHKEY-KEY", "x-LaTcHkEy-kEy", "X_Latchkey_Key",
      "X.Latchkey.Key", "X-Latchkey_Key", "X_Latchkey-Key", "X-Latchkey.Key", "X~Latchkey~Key",
      "X+Latchkey+Key", "X|Latchkey|Key", "X!Latchkey!Key", "X'Latchkey'Key", "X-Latchkey-Account",
      "X-Latchkey-Application", "X-Latchkey-Environment", "X-Latchkey-Access", "X-Latchkey-Kind",
      "X-Latchkey-Assertion", "x_latchkey_assertion", "X-Latchkey-Status", "X-Latchkey-Anything",
      "X-Latchkey-", "X-Latchkey", "x_latchkey", "X.LATCHKEY", "X-Forwarded-For", "x_forwarded_for",
      "X.Forwarded.For", "X-Forwarded-Proto",
      "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X_Forwarded_Prefix",
      "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Server", "X-Original-URI",
      "X-Original-URL", "X_Original_URI", "X-Original-Method", "X-Rewrite-URL", "X-Real-IP",
      "X_Real_IP", "Forwarded", "FORWARDED", "X-Request-Id", "X_Request_Id", "Host", "Connection",
      "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy_Authorization", "Proxy", "TE",
      "Trailer", "Transfer-Encoding", "Transfer_Encoding", "Content-Length", "Content_Length",
      "Upgrade", "HTTP2-Settings", "Expect", "traceparent", "Traceparent", "tracestate",
    ])
  func drops(name: String) {
    #expect(passed([(name, "forged"), ("Accept", "*/*")]) == "Accept: */*\r\n")
  }

  @Test(
    "what only looks like it goes on",
    arguments: [
      "X-Latch-Key", "X-LatchkeyKey", "Latchkey-Key", "XX-Latchkey-Key", "X-Forward", "X-Origin",
      "Via", "Cookie", "Accept-Encoding", "Content-Type", "X-Brand", "User-Agent", "Range", "Hosts",
      "Tea", "Upgrade-Insecure-Requests", "Content-Lengths", "X-Authorization", "If-Match", "_",
      "1",
    ])
  func keeps(name: String) { #expect(passed([(name, "v")]) == "\(name): v\r\n") }

  @Test("the credential is taken out, in any case, however often it stands there")
  func stripsCredential() {
    #expect(passed([("AUTHORIZATION", "Bearer a"), ("authorization", "Bearer b")]) == "")
    let out = OutputBuffer()
    let scheme = CredentialScheme.headerPair(id: "X-Access-Client-Id", secret: "X-Access-Secret")
    let pair = scheme.headerNames.map { Array($0.utf8) }
    ForwardedHead.appendFields(
      fields([
        ("x-access-client-id", "c"), ("X-ACCESS-SECRET", "s"), ("Authorization", "Digest mine"),
      ]), without: FixedTexts(pair), to: out)
    #expect(out.text == "Authorization: Digest mine\r\n")
  }

  @Test(
    "fields that Connection names are for this hop only",
    arguments: [
      "close, X-Hop", "X-Hop", "keep-alive,\tx-hop ,", "x-HOP,Upgrade",
    ])
  func dropsConnectionOptions(value: String) {
    #expect(
      passed([("Connection", value), ("X-Hop", "1"), ("X-Stay", "2")]) == "X-Stay: 2\r\n")
  }

  @Test("several Connection fields count together, and keep-alive names no field")
  func readsAllConnections() {
    #expect(passed([("Connection", "a"), ("A", "1"), ("B", "2"), ("Connection", "b")]) == "")
    #expect(passed([("Connection", "close"), ("Close", "1")]) == "Close: 1\r\n")
  }

  private func head(
    _ pairs: [(String, String)], method: String = "GET", target: String = "/v1/a?b=c",
    length: Int? = 0, upstream: String = "http://127.0.0.1:9000/base/", peer: String = "192.0.2.1",
    client: String = "192.0.2.1"
  ) throws -> String {
    let call = InboundCall(
      method: bytes(method), target: bytes(target), contentLength: length, isTLS: false,
      peer: try #require(IPAddress(peer)), client: try #require(IPAddress(client)),
      requestID: sampleRequestID())
    let out = OutputBuffer()
    ForwardedHead.write(
      call, fields: fields(pairs), plan: ProjectPlan(sampleProject()),
      upstream: try #require(UpstreamPlan(upstream)), identity: sampleIdentity(), to: out)
    return out.text
  }

  @Test("the whole head is as documented")
  func wholeHead() throws {
    let identity = sampleIdentity()
    let head = try head([
      ("Host", "api.example:8081"), ("Authorization", "Bearer secret"), ("Accept", "*/*"),
      ("X-Forwarded-For", "6.6.6.6"), ("Connection", "x-latchkey-key, host"),
    ])
    #expect(
      head == """
        GET /base/v1/a?b=c HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Accept: */*\r
        X-Forwarded-For: 192.0.2.1\r
        X-Forwarded-Proto: http\r
        X-Forwarded-Host: api.example:8081\r
        X-Latchkey-Key: \(identity.keyID)\r
        X-Latchkey-Account: \(identity.accountID)\r
        X-Latchkey-Application: \(identity.applicationID)\r
        X-Latchkey-Environment: production\r
        X-Latchkey-Access: full\r
        X-Latchkey-Kind: secret\r
        X-Request-Id: \(sampleRequestID())\r
        \r

        """)
  }

  @Test("a trusted proxy's word about the client is carried on and added to")
  func forwardsFromTrusted() throws {
    let pairs = [
      ("Host", "inner"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"),
      ("X-Forwarded-Host", "api.example"),
    ]
    let trusted = try head(pairs, peer: "10.0.0.1", client: "203.0.113.9")
    #expect(trusted.contains("X-Forwarded-For: 203.0.113.9, 10.0.0.1\r\n"))
    #expect(trusted.contains("X-Forwarded-Proto: https\r\n"))
    #expect(trusted.contains("X-Forwarded-Host: api.example\r\n"))
    let untrusted = try head(pairs, peer: "10.0.0.1", client: "10.0.0.1")
    #expect(untrusted.contains("X-Forwarded-For: 10.0.0.1\r\n"))
    #expect(untrusted.contains("X-Forwarded-Proto: http\r\n"))
    #expect(untrusted.contains("X-Forwarded-Host: inner\r\n"))
  }

  @Test("framing is written anew from what was read")
  func framing() throws {
    let sized = try head([("Content-Length", "7")], method: "POST", length: 7)
    #expect(sized.contains("Content-Length: 7\r\n"))
    let empty = try head([("Content-Length", "0")], method: "POST", length: 0)
    #expect(empty.contains("Content-Length: 0\r\n"))
    let chunked = try head([("Transfer-Encoding", "chunked")], method: "POST", length: nil)
    #expect(chunked.contains("Transfer-Encoding: chunked\r\n"))
    #expect(!chunked.contains("Content-Length"))
    #expect(try !head([]).contains("Content-Length"))
  }

  @Test("the answer keeps its fields, without its connection's and with our request id")
  func answer() {
    let answer = fields([
      ("Content-Type", "text/plain"), ("Connection", "x-hop"), ("X-Hop", "1"), ("Date", "now"),
      ("Content-Length", "4"), ("Transfer-Encoding", "chunked"), ("Set-Cookie", "a"),
      ("Set-Cookie", "b"), ("X-Request-Id", "theirs"), ("Keep-Alive", "timeout=5"),
    ])
    let out = OutputBuffer()
    let none = AnswerHeaders(Policy())
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    ForwardedHead.writeAnswer(
      answer, keepsLength: false, requestID: sampleRequestID(), none, limitLines: nothing, to: out)
    let rest = "Set-Cookie: a\r\nSet-Cookie: b\r\nX-Request-Id: \(sampleRequestID())\r\n"
    #expect(out.text == "Content-Type: text/plain\r\n" + rest)
    ForwardedHead.writeAnswer(
      answer, keepsLength: true, requestID: sampleRequestID(), none, limitLines: nothing, to: out)
    #expect(out.text == "Content-Type: text/plain\r\nContent-Length: 4\r\n" + rest)
  }

  @Test("TRACE, CONNECT and targets that are no path are refused")
  func refusals() {
    for method in ["TRACE", "CONNECT"] {
      let problem = ProxyHandler.refusal(method: bytes(method), target: bytes("/"))
      #expect(problem?.code.status == 405)
      #expect(problem?.lines.hasPrefix("Allow: ") == true)
    }
    #expect(ProxyHandler.refusal(method: bytes("OPTIONS"), target: bytes("*"))?.code.status == 400)
    for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PROPFIND", "trace"] {
      #expect(ProxyHandler.refusal(method: bytes(method), target: bytes("/a")) == nil)
    }
  }
}

/// A project of the default policy, as a worker sees it.
func sampleProject(
  policy: Policy = Policy(), upstream: String? = nil, hosts: [String] = []
) -> ProjectView {
  let record = ProjectRecord(
    id: ProjectID(bits: 9), slug: "demo", policy: policy, upstream: upstream, hosts: hosts,
    upstreamTimeoutSeconds: nil, assertionKey: [UInt8](repeating: 7, count: 32))
  return ProjectView(record, number: 0, generation: 1, environments: ["production"])
}
