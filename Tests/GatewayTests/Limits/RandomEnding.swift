// One call through the gateway that ends in a way drawn by chance: properly, cut off by the client
// or the upstream, half closed, malformed, refused. Must not look at what came of it.
import Glibc
import TestSupport

/// A linear congruential generator: the same endings in every run.
struct Draws {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
}

struct RandomEnding {
  static let kinds = 18

  let port: UInt16
  let token: String

  func run(_ draws: inout Draws) {
    let client = RawClient(port: port)
    switch draws.next(Self.kinds) {
    case 0, 1: keepAlive(client, 1 + draws.next(3))
    case 2: cutOff(client, "/x", &draws)
    case 3: cutOff(client, "/silent", &draws)
    case 4: cutOff(client, "/chunks/50000", &draws)
    case 5: cutOff(client, "/flood/1048576", &draws)
    case 6:
      // The client closes in order, without waiting for its answer.
      send(client, "GET", "/silent")
    case 7:
      send(client, "GET", "/x")
      client.finishSending()
      _ = client.receiveToEnd()
    case 8: read(client, ["/cut", "/garbage", "/nothing", "/close-delimited"][draws.next(4)])
    case 9: read(client, ["/status/204", "/status/304", "/status/500"][draws.next(3)])
    case 10:
      send(client, "HEAD", "/size/100")
      _ = client.receiveAnswer(toHEAD: true)
    case 11:
      send(client, "POST", "/x", "Content-Length: 1000\r\n")
      client.send([UInt8](repeating: 1, count: draws.next(1000)))
      client.resetOnClose()
    case 12:
      send(client, "POST", "/x", "Transfer-Encoding: chunked\r\n")
      client.send("5\r\nhello\r\nnonsense\r\n")
      _ = client.receiveToEnd()
    case 13:
      for _ in 0..<3 { send(client, "GET", "/x") }
      if draws.next(2) == 0 { _ = client.receiveAnswer() }
      client.resetOnClose()
    case 14:
      send(client, "POST", "/early", "Content-Length: 300000\r\n")
      client.send([UInt8](repeating: 1, count: 100_000))
      _ = client.receiveAnswer()
    case 15:
      send(client, "POST", "/x", "Content-Length: 10\r\nExpect: 100-continue\r\n")
      pause(&draws)
      client.resetOnClose()
    case 16:
      client.send("GET /x HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer no\r\n\r\n")
      _ = client.receiveAnswer()
    default:
      // Seldom, since it takes as long as the upstream may.
      if draws.next(100) == 0 { read(client, "/silent") } else { keepAlive(client, 1) }
    }
  }

  private func send(
    _ client: RawClient, _ method: String, _ path: String, _ more: String = ""
  ) {
    client.send(
      "\(method) \(path) HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(token)\r\n\(more)\r\n")
  }

  private func read(_ client: RawClient, _ path: String) {
    send(client, "GET", path)
    _ = client.receiveAnswer()
  }

  private func keepAlive(_ client: RawClient, _ count: Int) {
    for _ in 0..<count { read(client, "/x") }
  }

  /// The client is gone at once, soon, or after a piece of the answer.
  private func cutOff(_ client: RawClient, _ path: String, _ draws: inout Draws) {
    send(client, "GET", path)
    switch draws.next(3) {
    case 0: break
    case 1: pause(&draws)
    default: if path != "/silent" { _ = client.receiveSome(100) }
    }
    client.resetOnClose()
  }

  private func pause(_ draws: inout Draws) { usleep(UInt32(draws.next(2000))) }
}
