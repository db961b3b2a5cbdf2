// From a policy document to typed values. The document's grammar is here and in the extensions
// beside this file; rules that concern several knobs at once are in PolicyRules.swift.

package enum PolicyReader {
  /// Knobs that are absent keep the defaults of `Policy`.
  /// - Throws: all problems of the document, not only the first.
  package static func read(_ document: JSONValue) throws(PolicyInvalid) -> Policy {
    let problems = PolicyProblems()
    let root = PolicyNode(value: document, pointer: JSONPointer(), problems: problems)
    var policy = Policy()
    _ = root.object { cursor -> Void? in readRoot(cursor, &policy) }
    // A rule over knobs that were not understood would only report the same fault twice.
    if problems.all.isEmpty { PolicyRules.check(policy, problems) }
    guard problems.all.isEmpty else { throw PolicyInvalid(problems: problems.all) }
    return policy
  }

  private static func readRoot(_ cursor: PolicyCursor, _ policy: inout Policy) {
    cursor.read("credential", &policy.credential, credential)
    cursor.list("environments", &policy.environments, 1...16, environment)
    cursor.group("secret") { secret($0, &policy.secret) }
    cursor.readOptional("public_id", &policy.publicID, publicID)
    cursor.group("limits") { $0.readOptional("keys", &policy.keyLimit, keyLimit) }
    cursor.group("applications") { applications($0, &policy.applications) }
    cursor.set("access", &policy.access, 1...2) { $0.choice(Access.allCases) }
    cursor.flag("access_fixed", &policy.accessFixed)
    cursor.set("kinds", &policy.kinds, 1...2) { $0.choice(KeyKind.allCases) }
    cursor.group("publishable") { $0.list("allow", &policy.publishableAllow, 0...64, route) }
    cursor.group("rotation") { rotation($0, &policy.rotation) }
    cursor.readOptional("auto_cycling", &policy.autoCycling, autoCycling)
    readLimits(cursor, &policy)
    cursor.integer("safe_delete_seconds", &policy.safeDeleteSeconds, 0...year)
    cursor.text("brand_header", &policy.brandHeader, .headerName)
    cursor.read("answer_headers", &policy.answerHeaders) {
      headers($0, ErrorTemplate.answerPlaceholders, .answerHeaderName)
    }
    cursor.read("errors", &policy.errors, errors)
    readOutbound(cursor, &policy)
    cursor.group("records") { records($0, &policy.records) }
    cursor.group("leaks") { leaks($0, &policy.leaks) }
  }

  /// Seconds; the longest time that any knob takes.
  static let year: Int64 = 31_536_000
}

extension Policy {
  /// A profile with a project's RFC 7396 merge patch over it; `null` is a patch that changes
  /// nothing.
  package static func merged(
    profile: JSONValue, patch: JSONValue
  ) throws(PolicyInvalid) -> Policy {
    try PolicyReader.read(document(profile: profile, patch: patch))
  }

  /// The merged document, as it is shown to whoever asks for a project's policy.
  package static func document(profile: JSONValue, patch: JSONValue) -> JSONValue {
    patch == .null ? profile : JSONMergePatch.apply(patch, to: profile)
  }
}

extension Environment.Reveal: PolicyChoice {}
extension SecretForm.Alphabet: PolicyChoice {}
extension KeyLimit.Scope: PolicyChoice {}
extension AutoCyclingRules.Overlap: PolicyChoice {}
extension AutoCyclingRules.Acknowledge: PolicyChoice {}
extension MeterScope: PolicyChoice {}
extension Quota.OnOutage: PolicyChoice {}
extension WebhookRules.SignatureKey: PolicyChoice {}
extension WebhookRules.SignedContent: PolicyChoice {}
extension Access: PolicyChoice { var policyName: String { name } }
extension KeyKind: PolicyChoice { var policyName: String { name } }
