// W3C Trace Context through the gateway: kept where it is valid, begun anew where it is not, and
// never begun for a call that has none.
import Foundation
import KeyModel
import TestSupport
import Testing

@testable import Gateway
@testable import Verification

struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let sent = "00-\(trace)-00f067aa0ba902b7-01"
  private let requestID = RequestID(bits: 0x0123_4567_89AB_CDEF_0011_2233_4455_6677)
  private let ours = "0011223344556677"

  private func written(_ pairs: [(String, String)]) -> [String] {
    let out = OutputBuffer()
    TraceContext.append(fields(pairs), requestID: requestID, to: out)
    return out.text.components(separatedBy: "\r\n").dropLast()
  }

  @Test("a call without a trace gets none")
  func none() {
    #expect(written([("tracestate", "a=b"), ("Accept", "*/*")]) == [])
  }

  @Test("the trace and its flags stay, and we are the parent")
  func kept() {
    #expect(
      written([("TraceParent", Self.sent), ("tracestate", "a=b,c@d=e f")])
        == ["traceparent: 00-\(Self.trace)-\(ours)-01", "tracestate: a=b,c@d=e f"])
  }

  @Test("of a later version what this one knows is kept")
  func later() {
    let sent = "cc-\(Self.trace)-00f067aa0ba902b7-ff-what-the-future-will-be-like"
    #expect(written([("traceparent", sent)]) == ["traceparent: 00-\(Self.trace)-\(ours)-03"])
    let short = "01-\(Self.trace)-00f067aa0ba902b7-00"
    #expect(written([("traceparent", short)]) == ["traceparent: 00-\(Self.trace)-\(ours)-00"])
  }

  @Test(
    "what is malformed begins a new trace and takes its state with it",
    arguments: [
      "", "00", "00-\(trace)-00f067aa0ba902b7", "ff-\(trace)-00f067aa0ba902b7-01",
      "00-\(trace)-00f067aa0ba902b7-01-more", "01-\(trace)-00f067aa0ba902b7-01.more",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-\(trace)-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-\(trace)-00F067AA0BA902B7-01", "00-\(trace)-00f067aa0ba902b7-0A",
      "00_\(trace)-00f067aa0ba902b7-01", "0g-\(trace)-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-001",
    ])
  func restarted(sent: String) {
    #expect(
      written([("traceparent", sent), ("tracestate", "a=b")])
        == ["traceparent: 00-0123456789abcdef0011223344556677-\(ours)-00"])
  }

  @Test("sent twice it means nothing; meant for one hop it ends here")
  func twice() {
    #expect(
      written([("traceparent", Self.sent), ("traceparent", Self.sent)])
        == ["traceparent: 00-0123456789abcdef0011223344556677-\(ours)-00"])
    #expect(written([("traceparent", Self.sent), ("Connection", "traceparent")]) == [])
  }

  @Test("a state in several fields keeps its order; empty members and fields are no harm")
  func states() {
    let pairs = [("tracestate", "a=1 , ,b=2"), ("tracestate", ""), ("Tracestate", "c=3")]
    #expect(
      Array(written([("traceparent", Self.sent)] + pairs).dropFirst())
        == ["tracestate: a=1 , ,b=2", "tracestate: c=3"])
  }

  @Test(
    "a state that is malformed or too long does not go on",
    arguments: [
      "a", "a=", "=b", "A=b", "a=b=c", "a=b,c", "a=\u{e9}", "a b=c",
      (0..<33).map { "k\($0)=v" }.joined(separator: ","),
      "a=" + String(repeating: "x", count: 257),
    ])
  func badStates(state: String) {
    #expect(
      written([("traceparent", Self.sent), ("tracestate", state)])
        == ["traceparent: 00-\(Self.trace)-\(ours)-01"])
  }

  @Test("all that a state may be does go on")
  func longState() {
    let members = (0..<32).map { "k\($0)=" + String(repeating: "x", count: 16) }
    let state = members.joined(separator: ",")
    #expect(
      written([("traceparent", Self.sent), ("tracestate", state)]).last == "tracestate: \(state)")
  }

  @Test("the whole head has the trace once, in our words")
  func head() throws {
    let upstream = TinyUpstream()
    defer { upstream.stop() }
    let world = try GatewayWorld(upstream: upstream.url)
    let client = RawClient(port: world.gateway)
    client.send(
      "GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(world.issue().token)\r\n"
        + "Traceparent: \(Self.sent)\r\nTracestate: a=b\r\n\r\n")
    let answer = try #require(client.receiveAnswer())
    let id = try #require(RequestID(answer["x-request-id"] ?? ""))
    let part = String(UInt64(truncatingIfNeeded: id.bits), radix: 16)
    let padded = String(repeating: "0", count: 16 - part.count) + part
    let received = try #require(upstream.last)
    #expect(received.lines("traceparent") == ["traceparent: 00-\(Self.trace)-\(padded)-01"])
    #expect(received.lines("tracestate") == ["tracestate: a=b"])
  }
}
