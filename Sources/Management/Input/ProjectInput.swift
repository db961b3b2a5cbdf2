// The request bodies about projects. Rules that need the store or the policy are not here.
package import KeyModel

package struct NewProject: Sendable {
  package var slug: String
  package var name: String
  /// Nil: `default`.
  package var profile: String?
  /// RFC 7396 merge patch over the profile.
  package var policy: JSONValue?
  package var upstream: String?
  package var hosts: [String] = []
  package var upstreamTimeoutSeconds: Int64?

  package init(slug: String, name: String, profile: String? = nil) {
    self.slug = slug
    self.name = name
    self.profile = profile
  }

  package init(_ fields: inout Fields) throws(Problem) {
    let slug = fields.required("slug", ProjectRule.slug("slug"))
    let name = fields.required("name", FieldRule.line("name"))
    profile = fields.optional("profile", FieldRule.line("profile"))
    policy = fields.optional("policy", FieldRule.object("policy"))
    upstream = fields.optional("upstream", ProjectRule.upstream("upstream"))
    hosts = fields.optional("hosts", ProjectRule.hosts("hosts")) ?? []
    upstreamTimeoutSeconds = fields.optional(
      "upstream_timeout_seconds", ProjectRule.timeout("upstream_timeout_seconds"))
    try fields.finish()
    guard let slug, let name else { throw .invalid("", "is incomplete") }
    self.slug = slug
    self.name = name
  }
}

package struct ProjectPatch: Sendable {
  package var name: String?
  package var profile: String?
  /// A further merge patch; null goes back to the bare profile.
  package var policy: Patch<JSONValue> = .keep
  package var upstream: Patch<String> = .keep
  package var hosts: Patch<[String]> = .keep
  package var upstreamTimeoutSeconds: Patch<Int64> = .keep

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.replacement("name", FieldRule.line("name"))
    profile = fields.replacement("profile", FieldRule.line("profile"))
    policy = fields.change("policy", FieldRule.object("policy"))
    upstream = fields.change("upstream", ProjectRule.upstream("upstream"))
    hosts = fields.change("hosts", ProjectRule.hosts("hosts"))
    upstreamTimeoutSeconds = fields.change(
      "upstream_timeout_seconds", ProjectRule.timeout("upstream_timeout_seconds"))
    try fields.finish()
  }
}

/// Rules of the fields that only projects have.
enum ProjectRule {
  static func slug(_ name: String) -> FieldRule.Read<String> {
    { fields, value in
      guard let text = value.string else {
        return FieldRule.wrong(&fields, name, "must be a string")
      }
      guard isSlug(text) else {
        return FieldRule.wrong(
          &fields, name, "must be 1 to 63 of a-z, 0-9 and -, not beginning or ending with -")
      }
      return text
    }
  }

  static func upstream(_ name: String) -> FieldRule.Read<String> {
    { fields, value in
      guard let text = value.string, UpstreamURL.isValid(text) else {
        return FieldRule.wrong(
          &fields, name,
          "must be an http or https URL without user, query or fragment")
      }
      return text
    }
  }

  static func hosts(_ name: String) -> FieldRule.Read<[String]> {
    { fields, value in
      guard let items = FieldRule.list(&fields, name, value, max: 32) else { return nil }
      var result: [String] = []
      for (index, item) in items.enumerated() {
        guard let host = item.string.map(hostName), UpstreamURL.isHostName(host) else {
          fields.report(pointer: "\(name)/\(index)", "must be a host name without port")
          continue
        }
        guard !result.contains(host) else {
          fields.report(pointer: "\(name)/\(index)", "stands twice")
          continue
        }
        result.append(host)
      }
      return result
    }
  }

  /// As the gateway compares them: lower case, without the dot that ends a full name.
  private static func hostName(_ text: String) -> String {
    let lower = text.lowercased()
    return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
  }

  static func timeout(_ name: String) -> FieldRule.Read<Int64> {
    FieldRule.integer(name, 1...3600)
  }

  static func isSlug(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
      bytes.last != UInt8(ascii: "-")
    else { return false }
    return bytes.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
    }
  }
}
