// A customer's endpoint without a network: answers as the test says and remembers what it got.
import Delivery
import KeyModel
import Synchronization

final class ScriptedEndpoint: OutboundTransport {
  typealias Reply = @Sendable (JSONValue) async -> Result<OutboundAnswer, OutboundFailure>

  private struct State {
    var reply: Reply
    var bodies: [[UInt8]] = []
    var urls: [String] = []
  }

  private let state: Mutex<State>

  init(_ reply: @escaping Reply = ScriptedEndpoint.echo) {
    state = Mutex(State(reply: reply))
  }

  func answer(_ reply: @escaping Reply) { state.withLock { $0.reply = reply } }

  /// Of the calls so far, in their order.
  var bodies: [[UInt8]] { state.withLock { $0.bodies } }
  var urls: [String] { state.withLock { $0.urls } }
  var messages: [JSONValue] { bodies.compactMap { try? JSONReader.read($0) } }
  /// Deliveries of keys, tests of the connection left out.
  var deliveries: [JSONValue] { messages.filter { $0["test"] == nil } }

  func post(_ request: OutboundRequest) async -> Result<OutboundAnswer, OutboundFailure> {
    let reply = state.withLock { state in
      state.bodies.append(request.body)
      state.urls.append(request.url)
      return state.reply
    }
    return await reply((try? JSONReader.read(request.body)) ?? .null)
  }

  static let echo: Reply = { message in
    .success(OutboundAnswer(status: 200, body: Array((message["requestId"]?.string ?? "").utf8)))
  }

  static func status(_ status: Int, _ body: String = "") -> Reply {
    { _ in .success(OutboundAnswer(status: status, body: Array(body.utf8))) }
  }

  static func failing(_ reason: OutboundFailure.Reason, arrived: Bool) -> Reply {
    { _ in .failure(OutboundFailure(reason, "Did not work.", mayHaveArrived: arrived)) }
  }
}
