// Brings a new secret to its holder's endpoint and says what came back. It must not decide what
// follows from that, and nothing it gives back holds the secret or what the endpoint wrote.
package import Crypto
package import KeyModel

/// What goes to the endpoint: the same bytes for the same parcel, however often it goes.
package struct CycleParcel: Sendable {
  package var endpoint: String
  package var requestID: String
  package var secret: Secret
  /// The policy wants the endpoint to prove that it has the secret.
  package var wantsProof: Bool
  /// Members beside requestId and apiKey, in their order.
  package var members: JSONObject

  package init(
    endpoint: String, requestID: String, secret: Secret, wantsProof: Bool, members: JSONObject
  ) {
    self.endpoint = endpoint
    self.requestID = requestID
    self.secret = secret
    self.wantsProof = wantsProof
    self.members = members
  }

  var body: [UInt8] {
    var object: JSONObject = [
      "requestId": .string(requestID), "apiKey": .string(secret.revealText()),
    ]
    for member in members.members { object[member.name] = member.value }
    return JSONWriter.compact(.object(object))
  }

  var question: CycleQuestion {
    let key = secret.withBytes { Array($0) }
    return CycleQuestion(
      requestID: requestID, key: key,
      proof: wantsProof ? HMACSHA256(key: key).authenticate(Array(requestID.utf8)) : nil)
  }
}

package struct CycleReply: Sendable {
  package var answer: CycleAnswer
  /// Nil where there was no complete answer.
  package var status: Int?
  package var latencyMilliseconds: Int64
  /// Seconds; as the endpoint asked.
  package var retryAfter: Int64?
  /// This server gave up: nothing is said about the endpoint.
  package var isOurs = false
  /// Why there was no answer, more exactly than the reason says it.
  package var detail: String?

  /// One sentence; nil where it acknowledged.
  package var complaint: String? { answer.reason.map { detail ?? $0.sentence } }
}

package struct CycleCourier: Sendable {
  /// For the whole call.
  package static let timeoutSeconds: Int64 = 10
  private let transport: any OutboundTransport

  package init(transport: any OutboundTransport) { self.transport = transport }

  package func bring(_ parcel: CycleParcel) async -> CycleReply {
    let request = OutboundRequest(
      url: parcel.endpoint,
      headers: [("Content-Type", "application/json"), ("Accept", "application/json")],
      body: parcel.body, timeoutSeconds: Self.timeoutSeconds)
    switch await transport.post(request) {
    case .success(let answer):
      return CycleReply(
        answer: parcel.question.judge(
          status: answer.status, fields: answer.headers, body: answer.body),
        status: answer.status, latencyMilliseconds: answer.latencyMilliseconds,
        retryAfter: answer.header("retry-after").flatMap { Int64($0) }.map { max(0, $0) })
    case .failure(let failure):
      return CycleReply(
        answer: Self.judge(failure), latencyMilliseconds: failure.latencyMilliseconds,
        isOurs: failure.reason == .cancelled, detail: failure.detail)
    }
  }

  private static func judge(_ failure: OutboundFailure) -> CycleAnswer {
    // It did answer, only with more than any acknowledgement can have.
    if failure.reason == .answerTooLarge { return .refused(.bodyTooLarge) }
    let reason = reason(failure.reason)
    return failure.mayHaveArrived ? .uncertain(reason) : .unreached(reason)
  }

  private static func reason(_ reason: OutboundFailure.Reason) -> CycleReason {
    switch reason {
    case .urlRefused: .urlRefused
    case .addressRefused: .addressRefused
    case .nameNotResolved: .nameNotResolved
    case .notConnected: .notConnected
    case .tlsFailed: .tlsFailed
    case .timedOut: .timedOut
    case .connectionLost: .connectionLost
    case .answerTooLarge: .bodyTooLarge
    case .answerMalformed: .answerMalformed
    case .cancelled: .interrupted
    }
  }
}
