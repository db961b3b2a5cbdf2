// The forms that texts in a policy must have.

struct TextRule: Sendable {
  /// Completes "must be …".
  let wording: String
  let accepts: @Sendable (String) -> Bool

  static let any = TextRule(wording: "a string of at most 1024 characters") {
    $0.utf8.count <= 1024
  }

  static let name = TextRule(wording: "a text of 1 to 64 characters without control characters") {
    (1...64).contains($0.utf8.count) && !$0.utf8.contains { $0 < 0x20 || $0 == 0x7F }
  }

  static let headerName = TextRule(
    wording: "the name of a header field, and not one that frames or routes messages"
  ) {
    (1...64).contains($0.utf8.count) && ByteSet.headerName.holds($0)
      && !reservedHeaders.contains($0.lowercased())
  }

  /// What belongs to the connection and the message's framing is never a policy's to set or read.
  private static let reservedHeaders: Set<String> = [
    "connection", "content-length", "date", "expect", "host", "keep-alive", "proxy-connection",
    "te",
    "trailer", "transfer-encoding", "upgrade", "via",
  ]

  static let answerHeaderName = TextRule(
    wording: "the name of a header field that nothing else in an answer decides"
  ) {
    let name = $0.lowercased()
    return headerName.accepts($0) && !decidedHeaders.contains(name)
      && !name.hasPrefix("x-latchkey")
  }

  /// What an answer's content, the kind of a refusal or a limit decides.
  private static let decidedHeaders: Set<String> = [
    "allow", "cache-control", "content-encoding", "content-range", "content-type", "location",
    "ratelimit", "ratelimit-policy", "retry-after", "set-cookie", "www-authenticate",
    "x-content-type-options", "x-request-id",
  ]

  static let headerValue = TextRule(wording: "printable ASCII of at most 1024 characters") {
    $0.utf8.count <= 1024 && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }

  static let userAgent = TextRule(
    wording: "1 to 128 characters of printable ASCII that neither begin nor end with a space"
  ) {
    (1...128).contains($0.utf8.count) && headerValue.accepts($0)
      && $0.utf8.first != 0x20 && $0.utf8.last != 0x20
  }

  static let authorizationScheme = TextRule(wording: "an authentication scheme's name") {
    (1...32).contains($0.utf8.count) && ByteSet.headerName.holds($0)
  }

  static let prefix = TextRule(
    wording: "at most 32 characters that are safe in URLs (letters, digits, `-._~`)"
  ) { $0.utf8.count <= 32 && ByteSet.unreserved.holds($0) }

  private static let environmentNameBytes = ByteSet(ByteSet.lowerCase + ByteSet.digits + "_-")

  static let environmentName = TextRule(
    wording: "1 to 32 lower-case letters, digits, `_` or `-`"
  ) { (1...32).contains($0.utf8.count) && environmentNameBytes.holds($0) }

  private static let labelBytes = ByteSet(ByteSet.lowerCase + ByteSet.digits + "-")

  static let host = TextRule(wording: "a lower-case host name without a port") { host in
    guard (1...253).contains(host.utf8.count) else { return false }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
      (1...63).contains($0.utf8.count) && labelBytes.holds(String($0))
        && $0.first != "-" && $0.last != "-"
    }
  }

  static let pathPrefix = TextRule(
    wording: "a path like `/sandbox`: a slash first, none at the end, nothing ambiguous"
  ) {
    (2...128).contains($0.utf8.count) && $0.last != "/" && $0.last != "*"
      && !$0.contains { $0 == "?" || $0 == " " } && PathGuard.isUnambiguous($0)
  }

  static let method = TextRule(wording: "an upper-case method or `*`") { method in
    method == "*"
      || (1...32).contains(method.utf8.count) && ByteSet.headerName.holds(method)
        && method == method.uppercased()
  }

  static let routePath = TextRule(
    wording: "a path that begins with a slash, is not ambiguous, and has `*` only at its end"
  ) {
    $0.utf8.count <= 512 && PathGuard.isUnambiguous($0) && !$0.dropLast().contains("*")
      && !$0.contains { $0 == "?" || $0 == " " }
  }
}
