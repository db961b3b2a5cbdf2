// The query of a request: names and values, each at most once. A credential in it is refused before
// anything else, because queries end up in logs.
internal import KeyModel
internal import Management

package struct Query: Sendable {
  private var values: [String: String] = [:]

  private static let credentialNames: Set<String> = [
    "key", "api_key", "apikey", "api-key", "access_token", "token", "secret", "operator_key",
    "authorization", "bearer", "password",
  ]

  package init() {}

  /// - Parameter known: what the route takes.
  init(_ text: String?, known: [String]) throws(Problem) {
    var findings: [Problem.Finding] = []
    for pair in Self.pairs(text) {
      guard let name = pair.name, let value = pair.value else {
        findings.append(.init(parameter: pair.raw, "is not well encoded"))
        continue
      }
      if !known.contains(name) {
        findings.append(.init(parameter: name, "is not a parameter of this request"))
      } else if values.updateValue(value, forKey: name) != nil {
        findings.append(.init(parameter: name, "stands twice"))
      }
    }
    guard findings.isEmpty else { throw .invalid(findings) }
  }

  static func refuseCredentials(_ text: String?) throws(Problem) {
    for pair in pairs(text) {
      let isCredential =
        credentialNames.contains(pair.name?.lowercased() ?? "")
        || pair.raw.contains("lk_op_") || pair.value?.hasPrefix("lk_op_") == true
      if isCredential {
        throw Problem(
          .keyInQuery, "Send the operator key in the Authorization header; replace this one.")
      }
    }
  }

  private struct Pair {
    var raw: String
    var name: String?
    var value: String?
  }

  private static func pairs(_ text: String?) -> [Pair] {
    (text ?? "").split(separator: "&").map { part in
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return Pair(
        raw: String(halves[0].prefix(64)),
        name: PercentDecoding.decode(halves[0], plusIsSpace: true),
        value: halves.count == 1
          ? "" : PercentDecoding.decode(halves[1], plusIsSpace: true))
    }
  }

  /// Nil where it is absent or empty.
  func text(_ name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }

  func choice<Value>(
    _ name: String, _ all: [(String, Value)], _ findings: inout [Problem.Finding]
  ) -> Value? {
    guard let text = values[name] else { return nil }
    if let match = all.first(where: { $0.0 == text }) { return match.1 }
    let names = all.map(\.0).joined(separator: ", ")
    findings.append(.init(parameter: name, "must be one of: \(names)"))
    return nil
  }

  /// What `read` makes of the value; nil of it is a finding.
  func reading<Value>(
    _ name: String, _ wanted: String, _ findings: inout [Problem.Finding],
    _ read: (String) -> Value?
  ) -> Value? {
    guard let text = values[name] else { return nil }
    if let value = read(text) { return value }
    findings.append(.init(parameter: name, wanted))
    return nil
  }

  func time(_ name: String, _ findings: inout [Problem.Finding]) -> Timestamp? {
    guard let text = values[name] else { return nil }
    // A plus sign that was not escaped arrives as a blank.
    let restored = String(text.map { $0 == " " ? "+" : $0 })
    if let time = RFC3339.parse(restored) { return time }
    findings.append(.init(parameter: name, "must be an RFC 3339 time"))
    return nil
  }

  /// Days since 1970-01-01.
  func day(_ name: String, _ findings: inout [Problem.Finding]) -> Int64? {
    guard let text = values[name] else { return nil }
    if text.utf8.count == 10, let time = RFC3339.parse(text + "T00:00:00Z") { return time.day }
    findings.append(.init(parameter: name, "must be a day, as 2026-01-31"))
    return nil
  }

  func id<Tag: IDTag>(
    _ name: String, _: Tag.Type, _ findings: inout [Problem.Finding]
  ) -> ID<Tag>? {
    guard let text = values[name] else { return nil }
    if let id = ID<Tag>(text) { return id }
    findings.append(.init(parameter: name, "must be an id that begins with \(Tag.prefix)_"))
    return nil
  }

  func page(_ findings: inout [Problem.Finding]) -> PageRequest {
    PageRequest(limit: values["limit"], cursor: text("cursor"), findings: &findings)
  }

  /// For lists that take nothing but their page.
  func page() throws(Problem) -> PageRequest {
    var findings: [Problem.Finding] = []
    let page = page(&findings)
    guard findings.isEmpty else { throw .invalid(findings) }
    return page
  }
}
