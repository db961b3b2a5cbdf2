// The knobs that word answers to refused calls.

extension PolicyReader {
  /// The names under `errors`: every code but `valid`, and `invalid` for a group of them.
  static let errorNames =
    DecisionCode.allCases.filter { $0 != .valid }.map(\.name) + [ErrorTemplate.groupName]

  static func errors(_ node: PolicyNode) -> [String: ErrorTemplate]? {
    templates(node, names: errorNames, placeholders: ErrorTemplate.placeholders)
  }

  static func templates(
    _ node: PolicyNode, names: [String], placeholders: [String]
  ) -> [String: ErrorTemplate]? {
    let entries = node.members { name, node -> (String, ErrorTemplate)? in
      guard names.contains(name) else {
        let nearest = NearestName.of(name, among: names)
        node.report("is an unknown code" + (nearest.map { "; did you mean `\($0)`?" } ?? ""))
        return nil
      }
      return template(node, placeholders).map { (name, $0) }
    }
    return entries.map { Dictionary($0) { first, _ in first } }
  }

  private static func template(_ node: PolicyNode, _ placeholders: [String]) -> ErrorTemplate? {
    node.object { cursor -> ErrorTemplate? in
      var template = ErrorTemplate(status: 0)
      // A denial that looks like a success would let a caller go on.
      let status = cursor.required("status") { $0.integer(400...599) }
      cursor.read("headers", &template.headers) { headers($0, placeholders) }
      cursor.readOptional("body", &template.body) { body($0, placeholders) }
      template.status = Int(status ?? 0)
      return status == nil ? nil : template
    }
  }

  static func headers(
    _ node: PolicyNode, _ placeholders: [String], _ rule: TextRule = .headerName
  ) -> [ErrorTemplate.Header]? {
    node.members { name, node -> ErrorTemplate.Header? in
      guard rule.accepts(name) else {
        node.report("must be \(rule.wording)")
        return nil
      }
      guard let value = node.text(.headerValue) else { return nil }
      checkPlaceholders(value, placeholders, node)
      return ErrorTemplate.Header(name: name, value: value)
    }
  }

  /// Any JSON, in which `{word}` may only be a known placeholder.
  static func body(_ node: PolicyNode, _ placeholders: [String]) -> JSONValue? {
    for text in node.value.texts { checkPlaceholders(text, placeholders, node) }
    return node.value
  }

  private static func checkPlaceholders(
    _ text: String, _ known: [String], _ node: PolicyNode
  ) {
    for part in PlaceholderText.parts(of: text) {
      guard case .placeholder(let name) = part, !known.contains(name) else { continue }
      let nearest = NearestName.of(name, among: known)
      node.report(
        "holds an unknown placeholder" + (nearest.map { "; did you mean `{\($0)}`?" } ?? ""))
    }
  }
}

extension JSONValue {
  /// All texts inside this value, member names not among them.
  var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(\.texts)
    case .object(let object): object.members.flatMap(\.value.texts)
    default: []
    }
  }
}
