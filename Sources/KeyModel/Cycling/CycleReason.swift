// Why a delivery was no acknowledgement: a stable word for programs and a sentence for people. It
// must never hold what the endpoint said, which could be the key.

package enum CycleReason: Hashable, Sendable {
  // The endpoint answered.
  case status(Int)
  case redirected
  case emptyBody
  case bodyTooLarge
  /// No requestId could be read from it.
  case notAnEcho
  case wrongRequestID
  case keyReflected
  case proofMissing
  case proofWrong
  // It did not, or nobody knows.
  case timedOut
  case connectionLost
  case answerMalformed
  case interrupted
  // Nothing reached it.
  case notConnected
  case tlsFailed
  case nameNotResolved
  case addressRefused
  case urlRefused
  // Nobody asked it any more.
  case deadlinePassed

  package var code: String {
    switch self {
    case .status(let status): "status_\(status)"
    case .redirected: "redirected"
    case .emptyBody: "empty_body"
    case .bodyTooLarge: "body_too_large"
    case .notAnEcho: "not_an_echo"
    case .wrongRequestID: "wrong_request_id"
    case .keyReflected: "key_reflected"
    case .proofMissing: "proof_missing"
    case .proofWrong: "proof_wrong"
    case .timedOut: "timed_out"
    case .connectionLost: "connection_lost"
    case .answerMalformed: "answer_malformed"
    case .interrupted: "interrupted"
    case .notConnected: "not_connected"
    case .tlsFailed: "tls_failed"
    case .nameNotResolved: "name_not_resolved"
    case .addressRefused: "address_refused"
    case .urlRefused: "url_refused"
    case .deadlinePassed: "deadline_passed"
    }
  }

  /// One plain sentence.
  package var sentence: String {
    switch self {
    case .status(let status): "The endpoint answered with status \(status); 2xx is wanted."
    case .redirected: "The endpoint answered with a redirect, and redirects are not followed."
    case .emptyBody: "The endpoint answered with an empty body; the requestId is wanted."
    case .bodyTooLarge: "The endpoint's answer is longer than 4096 bytes."
    case .notAnEcho:
      "The endpoint's answer is neither the requestId nor a JSON object that has it."
    case .wrongRequestID: "The endpoint answered with another requestId than it was sent."
    case .keyReflected:
      "The endpoint's answer contains the key it was sent. An echo server must not get keys."
    case .proofMissing: "The endpoint's answer has no proof, and the policy wants one."
    case .proofWrong: "The endpoint's proof is not the HMAC-SHA256 of the requestId."
    case .timedOut: "The endpoint did not answer in time."
    case .connectionLost: "The connection was lost before the answer was complete."
    case .answerMalformed: "The endpoint's answer is not valid HTTP."
    case .interrupted: "The attempt was interrupted on our side."
    case .notConnected: "No connection to the endpoint could be made."
    case .tlsFailed: "The endpoint's certificate or TLS handshake is not acceptable."
    case .nameNotResolved: "The endpoint's name does not resolve."
    case .addressRefused: "The endpoint's address is one that this server does not call."
    case .urlRefused: "The endpoint is not a URL that this server calls."
    case .deadlinePassed: "Nobody acknowledged the new secret before the deadline."
    }
  }
}

extension CycleReason {
  private static let fixed: [CycleReason] = [
    .redirected, .emptyBody, .bodyTooLarge, .notAnEcho, .wrongRequestID, .keyReflected,
    .proofMissing, .proofWrong, .timedOut, .connectionLost, .answerMalformed, .interrupted,
    .notConnected, .tlsFailed, .nameNotResolved, .addressRefused, .urlRefused, .deadlinePassed,
  ]

  /// Of a code as it was stored.
  package init?(code: String) {
    if code.hasPrefix("status_"), let status = Int(code.dropFirst("status_".count)) {
      self = .status(status)
    } else if let reason = Self.fixed.first(where: { $0.code == code }) {
      self = reason
    } else {
      return nil
    }
  }
}
