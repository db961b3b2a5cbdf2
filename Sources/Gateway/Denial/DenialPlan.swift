// A project's answers to refused calls, worked out from its policy once. What an answer says is the
// policy's; this must never add to it why a key is not valid.
import KeyModel

/// How the caller is answered.
enum DenialMode {
  case plain
  /// nginx's auth_request passes on 401 and 403 only and makes 500 of the rest: those become 403
  /// with the true status in `X-Latchkey-Status`.
  case nginx
}

struct DenialPlan {
  private let denials: [CompiledDenial]

  /// - Parameter realm: for the challenge of a 401.
  init(policy: Policy, realm: String) {
    denials = DecisionCode.allCases.map { CompiledDenial($0, policy: policy, realm: realm) }
  }

  /// What the refused call is answered with, whatever the asking proxy makes of it.
  func status(of code: DecisionCode) -> Int { denials[Int(code.rawValue)].status }

  /// Writes complete lines to `head`, the body to `body` (both emptied before) and gives the
  /// status.
  func write(
    _ code: DecisionCode, facts: DenialFacts, mode: DenialMode, head: OutputBuffer,
    body: OutputBuffer
  ) -> Int {
    denials[Int(code.rawValue)].write(facts, mode: mode, head: head, body: body)
  }
}

struct CompiledDenial {
  let status: Int
  private let head: DenialText
  private let body: DenialText
  /// The policy sets `Retry-After` itself.
  private let ownRetryAfter: Bool

  init(_ code: DecisionCode, policy: Policy, realm: String) {
    let template = policy.errorTemplate(for: code)
    status = template?.status ?? DenialWords.status(of: code)
    let own = (template?.headers ?? []).filter(Self.isSendable)
    let headers =
      own
      + policy.answerHeaders.filter { every in
        !own.contains { $0.name.lowercased() == every.name.lowercased() }
      }
    func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
    var lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
    var bytes: [UInt8] = []
    if let template {
      bytes = template.body.map(JSONWriter.compact) ?? []
      if !bytes.isEmpty, !has("content-type") { lines += "Content-Type: application/json\r\n" }
    } else {
      bytes = DenialWords.problem(for: code)
      lines += "Content-Type: application/problem+json\r\n"
    }
    if !has("www-authenticate"),
      let challenge = Challenge.value(
        code: code, status: status, scheme: policy.credential, realm: realm)
    {
      lines += "WWW-Authenticate: \(challenge)\r\n"
    }
    if !has("cache-control") { lines += "Cache-Control: no-store\r\n" }
    if !has("x-content-type-options") { lines += "X-Content-Type-Options: nosniff\r\n" }
    if !has("x-request-id") { lines += "X-Request-Id: {request_id}\r\n" }
    // Who words a code by itself tells it apart already.
    let name = policy.errors[code.name] == nil ? DenialWords.name(of: code) : code.name
    head = DenialText(Array(lines.utf8), code: code, named: name)
    body = DenialText(bytes, code: code, named: name)
    ownRetryAfter = has("retry-after")
  }

  /// Framing is the engine's, and a value that could end its line never leaves.
  private static func isSendable(_ header: ErrorTemplate.Header) -> Bool {
    let framing: Set<String> = ["content-length", "transfer-encoding", "connection", "date"]
    guard !framing.contains(header.name.lowercased()),
      header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return false }
    return Array(header.name.utf8).withUnsafeBytes(ByteText.isToken)
  }

  func write(
    _ facts: DenialFacts, mode: DenialMode, head: OutputBuffer, body: OutputBuffer
  ) -> Int {
    head.reset()
    body.reset()
    var facts = facts
    if facts.retryAfterSeconds == nil, status == 429 { facts.retryAfterSeconds = 1 }
    self.head.append(facts, to: head)
    if !ownRetryAfter, let seconds = facts.retryAfterSeconds {
      head.append("Retry-After: ")
      head.append(decimal: seconds)
      head.append("\r\n")
    }
    self.body.append(facts, to: body)
    return mode == .nginx ? NginxStatus.map(status, head: head) : status
  }
}

enum NginxStatus {
  /// The status that auth_request passes on; the true one goes to the head.
  static func map(_ status: Int, head: OutputBuffer) -> Int {
    if status == 401 || status == 403 { return status }
    head.append("X-Latchkey-Status: ")
    head.append(decimal: Int64(status))
    head.append("\r\n")
    return 403
  }
}
