// What leaves the server for a customer's endpoint, and what comes back. Nothing here knows what is
// being delivered; nothing here prints a body, since a body may hold a key.

package struct OutboundRequest: Sendable {
  package enum Method: Sendable { case post, get }
  /// `get` has no body.
  package var method = Method.post
  package var url: String
  /// Sent as they are, in this order; the transport adds only what the protocol needs.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// For the whole call: resolving, connecting, sending and the answer.
  package var timeoutSeconds: Int64
  /// How many bytes of the answer's body are kept; more than this is a failure.
  package var maximumAnswer: Int

  package init(
    url: String, headers: [(name: String, value: String)], body: [UInt8],
    timeoutSeconds: Int64, maximumAnswer: Int = 64 << 10
  ) {
    self.url = url
    self.headers = headers
    self.body = body
    self.timeoutSeconds = timeoutSeconds
    self.maximumAnswer = maximumAnswer
  }
}

/// A complete HTTP answer, whatever its status. Redirects are not followed.
package struct OutboundAnswer: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  package var latencyMilliseconds: Int64

  package init(
    status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    latencyMilliseconds: Int64 = 0
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.latencyMilliseconds = latencyMilliseconds
  }

  /// The first header of this name, in any case.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// Why there was no complete answer.
package struct OutboundFailure: Error, Sendable, Hashable {
  package enum Reason: String, Sendable, CaseIterable {
    /// Not an https URL this server calls.
    case urlRefused = "url_refused"
    /// The name resolved to an address that is not called.
    case addressRefused = "address_refused"
    case nameNotResolved = "name_not_resolved"
    case notConnected = "not_connected"
    /// The certificate or the handshake.
    case tlsFailed = "tls_failed"
    case timedOut = "timed_out"
    case connectionLost = "connection_lost"
    case answerTooLarge = "answer_too_large"
    case answerMalformed = "answer_malformed"
    /// The server is stopping or out of something it needs.
    case cancelled
  }
  package var reason: Reason
  /// One plain sentence for the owner of the endpoint; never a header, a body or a secret.
  package var detail: String
  /// Whether a byte of the request may have left. False means that the endpoint cannot have it.
  package var mayHaveArrived: Bool
  package var latencyMilliseconds: Int64

  package init(
    _ reason: Reason, _ detail: String, mayHaveArrived: Bool, latencyMilliseconds: Int64 = 0
  ) {
    self.reason = reason
    self.detail = detail
    self.mayHaveArrived = mayHaveArrived
    self.latencyMilliseconds = latencyMilliseconds
  }
}

/// Calls endpoints, with POST unless the request says otherwise. Safe to use from many tasks at
/// once.
package protocol OutboundTransport: Sendable {
  func post(_ request: OutboundRequest) async -> Result<OutboundAnswer, OutboundFailure>

  /// What is wrong with a URL that somebody wants to be called, as one sentence; nil where nothing
  /// is, as far as can be told without resolving its name.
  func complaint(about url: String) -> String?
}

extension OutboundTransport {
  /// Asks with GET.
  package func get(
    _ url: String, headers: [(name: String, value: String)] = [], timeoutSeconds: Int64,
    maximumAnswer: Int
  ) async -> Result<OutboundAnswer, OutboundFailure> {
    var request = OutboundRequest(
      url: url, headers: headers + [(name: "User-Agent", value: "latchkey")], body: [],
      timeoutSeconds: timeoutSeconds, maximumAnswer: maximumAnswer)
    request.method = .get
    return await post(request)
  }

  /// For transports without a list of the operator's own addresses.
  package func complaint(about url: String) -> String? {
    do throws(EndpointURLFault) {
      _ = try EndpointURL.read(url, AddressGuard(allow: []))
      return nil
    } catch {
      return error.sentence
    }
  }
}

/// Calls nobody: for a process that only reads or changes the store.
package struct NoOutboundTransport: OutboundTransport {
  package init() {}

  package func post(
    _ request: OutboundRequest
  ) async -> Result<OutboundAnswer, OutboundFailure> {
    .failure(
      OutboundFailure(.cancelled, "This server calls no endpoints.", mayHaveArrived: false))
  }
}
