// The knobs about how a key looks, travels and is told apart: credential, environments, secret,
// public_id.

extension PolicyReader {
  private enum SchemeName: String, CaseIterable, PolicyChoice {
    case bearer, basic, header
    case headerPair = "header_pair"
    case authorizationPair = "authorization_pair"
  }

  /// Members that the scheme does not use are checked and kept out of the result, so that a patch
  /// may change the scheme alone.
  static func credential(_ node: PolicyNode) -> CredentialScheme? {
    node.object { cursor -> CredentialScheme? in
      let scheme = cursor.required("scheme") { $0.choice(SchemeName.allCases) }
      var names: [String: String] = [:]
      for (name, rule) in [
        ("header", TextRule.headerName), ("id_header", .headerName),
        ("secret_header", .headerName), ("authorization_scheme", .authorizationScheme),
      ] {
        if let text = cursor.node(name)?.text(rule) { names[name] = text }
      }
      return scheme.flatMap { assemble($0, names, cursor) }
    }
  }

  private static func assemble(
    _ scheme: SchemeName, _ names: [String: String], _ cursor: PolicyCursor
  ) -> CredentialScheme? {
    func name(_ key: String) -> String {
      if cursor.node(key) == nil {
        cursor.report(key, "is needed by the scheme `\(scheme.rawValue)`")
      }
      return names[key] ?? ""
    }
    switch scheme {
    case .bearer: return .bearer
    case .basic: return .basic
    case .header: return .header(name("header"))
    case .headerPair:
      let (id, secret) = (name("id_header"), name("secret_header"))
      if !id.isEmpty, id.lowercased() == secret.lowercased() {
        cursor.report("secret_header", "must differ from `id_header`")
      }
      return .headerPair(id: id, secret: secret)
    case .authorizationPair:
      let id = name("id_header")
      if id.lowercased() == "authorization" {
        cursor.report("id_header", "must not be `Authorization`, which carries the key")
      }
      return .authorizationPair(idHeader: id, scheme: name("authorization_scheme"))
    }
  }

  static func environment(_ node: PolicyNode) -> Environment? {
    node.object { cursor -> Environment? in
      guard let name = cursor.required("name", { $0.text(.environmentName) }) else {
        readEnvironment(cursor, Environment(name: "", title: ""))
        return nil
      }
      return readEnvironment(cursor, Environment(name: name, title: name))
    }
  }

  @discardableResult
  private static func readEnvironment(
    _ cursor: PolicyCursor, _ defaults: Environment
  ) -> Environment {
    var environment = defaults
    cursor.text("title", &environment.title, .name)
    cursor.text("secret_prefix", &environment.secretPrefix, .prefix)
    cursor.text("publishable_prefix", &environment.publishablePrefix, .prefix)
    cursor.list("hosts", &environment.hosts, 0...32) { $0.text(.host) }
    cursor.readOptional("path_prefix", &environment.pathPrefix) { $0.text(.pathPrefix) }
    cursor.choice("reveal", &environment.reveal)
    return environment
  }

  static func secret(_ cursor: PolicyCursor, _ form: inout SecretForm) {
    cursor.integer("bytes", &form.bytes, 16...64)
    cursor.choice("alphabet", &form.alphabet)
    cursor.flag("checksum", &form.checksum)
    cursor.optionalInteger("accept_from_bytes", &form.acceptFromBytes, 16...64)
    if let oldest = form.acceptFromBytes, oldest > form.bytes {
      cursor.report("accept_from_bytes", "must not exceed `bytes`")
    }
  }

  static func publicID(_ node: PolicyNode) -> PublicIDForm? {
    guard let text = node.text(.any) else { return nil }
    for (placeholder, make) in [
      ("{uuid}", PublicIDForm.uuid), ("{integer}", PublicIDForm.integer),
    ] as [(String, (String, String) -> PublicIDForm)] {
      guard let (before, after) = split(text, at: placeholder) else { continue }
      if TextRule.prefix.accepts(before), TextRule.prefix.accepts(after) {
        return make(before, after)
      }
    }
    node.report("must hold `{uuid}` or `{integer}` once, and else what is safe in URLs")
    return nil
  }

  private static func split(_ text: String, at part: String) -> (String, String)? {
    var start = text.startIndex
    while start < text.endIndex, !text[start...].hasPrefix(part) {
      start = text.index(after: start)
    }
    guard start < text.endIndex else { return nil }
    let after = text.index(start, offsetBy: part.count)
    return (String(text[..<start]), String(text[after...]))
  }
}
