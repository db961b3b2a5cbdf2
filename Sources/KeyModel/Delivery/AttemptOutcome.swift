// What a call of an endpoint means for its delivery. Success is 2xx and nothing else: a redirect is
// a failure, since following one would send the event where nobody asked for it.

package enum AttemptOutcome: Hashable, Sendable {
  case delivered
  /// 410: the endpoint wants nothing more, ever.
  case gone
  /// 429, 502, 503 or 504: it has too much to do. Seconds as its Retry-After says.
  case throttled(retryAfter: Int64?)
  /// Any other complete answer.
  case refused
  /// No complete answer.
  case unanswered

  /// Without what it carries, for counting.
  package enum Kind: String, Sendable, CaseIterable {
    case delivered, gone, throttled, refused, unanswered
  }

  package var kind: Kind {
    switch self {
    case .delivered: .delivered
    case .gone: .gone
    case .throttled: .throttled
    case .refused: .refused
    case .unanswered: .unanswered
    }
  }

  /// The longest `Retry-After` that is heeded, in seconds.
  static let longestWait: Int64 = 86_400

  /// - Parameter retryAfter: the header as it came.
  package init(status: Int, retryAfter: String?, now: Timestamp) {
    switch status {
    case 200..<300: self = .delivered
    case 410: self = .gone
    case 429, 503:
      self = .throttled(retryAfter: retryAfter.flatMap { Self.seconds($0, now: now) })
    case 502, 504: self = .throttled(retryAfter: nil)
    default: self = .refused
    }
  }

  var retryAfter: Int64? {
    if case .throttled(let seconds) = self { seconds } else { nil }
  }

  /// `120` or `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
  private static func seconds(_ text: String, now: Timestamp) -> Int64? {
    if let number = Int64(text), number >= 0 { return min(number, longestWait) }
    guard let time = HTTPDate.parse(text) else { return nil }
    return min(max(0, time.seconds - now.seconds), longestWait)
  }
}

/// The one form of HTTP dates that senders may use (RFC 9110 §5.6.7).
package enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  package static func parse(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT", parts[1].count == 2,
      parts[3].count == 4, let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
    return RFC3339.parse("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }
}
