// Where a secret was found, as it may be stored, audited, mailed and sent: without that secret, any
// other of the project, and the user and password of a URL.
internal import Crypto
internal import KeyModel
internal import Storage

struct LeakPlace {
  /// May be empty, as both may.
  var url: String
  var source: String

  static let longestURL = 1024
}

extension UseCases {
  func place(_ report: LeakReport, of key: Key, _ view: View) throws -> LeakPlace {
    let imports = try view.tx.projects.find(key.projectID)?.hasImports ?? false
    let matcher = TokenMatcher(TokenForms(policy: try policy(of: key, view)))
    var found: String?
    if case .text(let secret) = report.subject { found = secret.revealText() }
    let redact = LeakRedaction(found: found, matcher, imports: imports)
    let isKey: (UnsafeRawBufferPointer) throws -> Bool = { [self] word in
      guard imports || matcher.matches(word) else { return false }
      return try isKnown(Secret(copying: word), imports, view)
    }
    return LeakPlace(
      url: try redact(report.url, longest: LeakPlace.longestURL, isKey: isKey),
      source: try redact(report.source, longest: LeakReport.longestWord, isKey: isKey))
  }

  /// Of any project: a secret on record is one too many, whosever it is.
  private func isKnown(_ token: Secret, _ imports: Bool, _ view: View) throws -> Bool {
    for lookup in lookups(of: token) where try view.tx.keys.find(lookup: lookup) != nil {
      return true
    }
    guard imports else { return false }
    let lookup = token.withBytes { LookupHasher.sha256(of: $0) }
    return try view.tx.keys.find(lookup: lookup) != nil
  }

  /// By every live pepper.
  func lookups(of token: Secret) -> [Lookup] {
    vault.keyring.peppers.map { $0.lookup(of: token) }
  }
}
