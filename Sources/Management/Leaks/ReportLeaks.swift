// Use cases on secrets that were found where they should not be: who is meant is found by the
// look-up that calls are decided by, and what happens is the policy's word. Who is not known to be
// a scanner or an operator learns nothing here.
internal import Crypto
internal import Delivery
internal import KeyModel
internal import Storage

/// The two header fields of a signed report.
package struct LeakSignature: Sendable {
  package var keyID: String
  /// ECDSA in DER, as base64.
  package var text: String
  package init(keyID: String, text: String) {
    self.keyID = keyID
    self.text = text
  }
}

extension UseCases {
  /// From the operator's own program.
  package func reportLeak(
    _ report: LeakReport, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.reportLeak, by: caller) { [self] context in
      Answer(200, try act(on: report, &context).shown)
    }
  }

  /// From a scanner, as it signed it. Answers each in its order.
  package func reportLeaks(
    _ body: [UInt8], _ signature: LeakSignature
  ) async throws(Problem) -> Answer {
    guard let key = await scannerKeys?.key(signature.keyID),
      let bytes = AnyBase64.decode(signature.text), key.isValid(bytes, of: body)
    else { throw .unauthorized(invalidToken: true) }
    guard let reports = LeakReport.list(body) else {
      throw Problem(.malformedJSON, "The body must be a list of objects with a `token` each.")
    }
    let known = try await read(.reportLeak, by: .scanner) { [self] view in
      try reports.map { try find($0, view) != nil }
    }
    var answers: [JSONValue] = []
    for (report, isKnown) in zip(reports, known) {
      // Nearly all that patterns match is nobody's: a change is made only for what is ours.
      guard isKnown else {
        answers.append(LeakVerdict(report).forScanner)
        continue
      }
      let answer = try await change(.reportLeak, by: Caller(.scanner)) { [self] context in
        Answer(200, try act(on: report, &context).forScanner)
      }
      answers.append(answer.body ?? .null)
    }
    return Answer(200, .array(answers))
  }

  // MARK: Finding

  private struct Found {
    var key: Key
    var version: KeyVersion
  }

  /// By every live pepper, then by SHA-256 for keys that were imported by it.
  private func find(_ report: LeakReport, _ view: View) throws -> Found? {
    switch report.subject {
    case .key(let id):
      guard let key = try view.tx.keys.find(id), mayReport(key, view),
        let version = key.shownVersion
      else { throw Problem.notFound() }
      return Found(key: key, version: version)
    case .text(let secret):
      for text in LeakedText.candidates(secret.revealText()) {
        let token = Secret(text)
        for lookup in lookups(of: token) {
          if let found = try find(lookup, view) { return found }
        }
        let imported = token.withBytes { LookupHasher.sha256(of: $0) }
        if let found = try find(imported, view), found.version.algorithm == .sha256 {
          return found
        }
      }
      return nil
    }
  }

  private func find(_ lookup: Lookup, _ view: View) throws -> Found? {
    guard let key = try view.tx.keys.find(lookup: lookup), mayReport(key, view),
      let version = key.versions.first(where: { $0.lookup == lookup })
    else { return nil }
    return Found(key: key, version: version)
  }

  private func mayReport(_ key: Key, _ view: View) -> Bool {
    Authorization.allows(
      view.principal, .reportLeak, .account(key.accountID, in: key.projectID)) == .allowed
  }

  // MARK: Acting

  private func act(
    on report: LeakReport, _ context: inout ChangeContext
  ) throws -> LeakVerdict {
    var verdict = LeakVerdict(report)
    guard let found = try find(report, context.view), found.key.kind == .secret else {
      context.nothingToDo()
      return verdict
    }
    let (key, version) = (found.key, found.version)
    verdict.key = key
    let place = try place(report, of: key, context.view)
    if let earlier = try context.tx.leaks.find(version.id, url: place.url) {
      context.nothingToDo()
      verdict.action = earlier.action
      return verdict
    }
    let policy = try policy(of: key, context.view)
    let lives = key.acceptedVersions(at: context.now).contains { $0.id == version.id }
    let action = lives ? policy.leaks.action.done : .none
    verdict.action = action
    let leak = Leak(
      id: entropy.newID(context.now), versionID: version.id, url: place.url, keyID: key.id,
      projectID: key.projectID,
      accountID: key.accountID, source: place.source, action: action,
      reportedBy: context.actor, reportedAt: context.now)
    guard try context.tx.leaks.insert(leak) else {
      context.nothingToDo()
      return verdict
    }
    context.audit(
      "leak.reported", project: key.projectID, account: key.accountID, subject: key.id,
      [
        "version": .string(version.id.description), "action": .string(action.rawValue),
        "url": .string(leak.url), "source": .string(leak.source),
      ])
    switch action {
    case .revoked: try revoke(key, &context)
    case .rotated: try replace(version, of: key, policy, &context)
    case .notified, .none: break
    }
    try tell(leak, key, version, &context)
    return verdict
  }

  private func tell(
    _ leak: Leak, _ key: Key, _ version: KeyVersion, _ context: inout ChangeContext
  ) throws {
    try context.emit(
      .leakReported, key,
      [
        "version_id": .string(version.id.description), "action": .string(leak.action.rawValue),
        "url": .string(leak.url), "source": .string(leak.source),
      ])
    guard leak.action != .none else { return }
    try context.mail(
      .keyLeaked(
        name: key.name, hint: version.hint, environment: key.environment,
        source: leak.url.isEmpty ? leak.source : leak.url, action: leak.action.rawValue),
      project: key.projectID, account: key.accountID)
  }
}

extension LeakRules.Action {
  fileprivate var done: Leak.Action {
    switch self {
    case .revoke: .revoked
    case .rotate: .rotated
    case .notify: .notified
    }
  }
}

/// What a report came to.
private struct LeakVerdict {
  private let report: LeakReport
  /// Nil where it is no secret of ours.
  var key: Key?
  var action = Leak.Action.none

  init(_ report: LeakReport) { self.report = report }

  private var label: JSONValue { key == nil ? "false_positive" : "true_positive" }

  /// Of the text as it was sent; null where a key was named instead.
  private var hash: JSONValue {
    guard case .text(let secret) = report.subject else { return .null }
    return .string(secret.withBytes { Hex.encode(SHA256.digest(of: Array($0))) })
  }

  var forScanner: JSONValue {
    ["token_hash": hash, "token_type": .string(report.type), "label": label]
  }

  var shown: JSONValue {
    [
      "token_hash": hash, "token_type": .string(report.type), "label": label,
      "key_id": key.map { .string($0.id.description) } ?? .null,
      "account_id": key.map { .string($0.accountID.description) } ?? .null,
      "action": .string(action.rawValue),
    ]
  }
}
