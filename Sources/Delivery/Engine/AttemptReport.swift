// What is kept of an attempt. No secret that the request was signed with comes back in it, whatever
// the endpoint answers.
package import KeyModel

package struct AttemptReport: Sendable {
  package let attempt: DeliveryAttempt
  package let outcome: AttemptOutcome

  /// Characters of an answer that are kept.
  private static let excerpt = 1024

  /// - Parameters:
  ///   - started: when the attempt began.
  ///   - now: when it ended.
  ///   - secrets: texts that must not be kept.
  package init(
    _ result: Result<OutboundAnswer, OutboundFailure>, started: Timestamp, now: Timestamp,
    secrets: @autoclosure () -> [String]
  ) {
    switch result {
    case .success(let answer):
      outcome = AttemptOutcome(
        status: answer.status, retryAfter: answer.header("retry-after"), now: now)
      attempt = DeliveryAttempt(
        at: started, status: answer.status, latencyMilliseconds: answer.latencyMilliseconds,
        error: Self.error(answer.status),
        responseExcerpt: answer.body.isEmpty ? nil : Self.excerpt(answer.body, secrets()))
    case .failure(let failure):
      outcome = .unanswered
      attempt = DeliveryAttempt(
        at: started, latencyMilliseconds: failure.latencyMilliseconds,
        error: "\(failure.reason.rawValue): \(failure.detail)")
    }
  }

  private static func error(_ status: Int) -> String? {
    switch status {
    case 200..<300: nil
    case 300..<400: "status \(status): redirects are not followed"
    case 410: "status 410: the endpoint wants nothing more"
    default: "status \(status)"
    }
  }

  private static func excerpt(_ body: [UInt8], _ secrets: [String]) -> String {
    // Whole first, then cut: a secret must not be missed because half of it is beyond the cut.
    var text = String(decoding: body, as: UTF8.self)
    for secret in secrets { text = text.replacing(secret, with: "[redacted]") }
    let shown = text.unicodeScalars.prefix(excerpt).map { scalar in
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      return isControl && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar
    }
    return String(String.UnicodeScalarView(shown))
  }
}
