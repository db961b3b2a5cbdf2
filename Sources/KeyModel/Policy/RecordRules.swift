// Which of its calls a project puts on record, and what beyond what is always there.

package struct RecordRules: Sendable, Hashable {
  package enum Calls: String, Sendable, CaseIterable {
    case all
    /// Those that were answered with 400 and above, or not at all.
    case failed
    case none

    /// - Parameter status: of the answer, or what stands for one that was never sent.
    @inline(__always)
    package func have(status: Int) -> Bool {
      switch self {
      case .all: true
      case .failed: status >= 400 || status == 0
      case .none: false
      }
    }
  }
  package var calls = Calls.all
  /// Names of request headers whose values are kept, as written in the policy.
  package var headers: [String] = []
  package init() {}

  /// What carries a secret in any API is never kept; nor are the headers of the policy's own
  /// credential.
  static let neverKept: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-latchkey-assertion",
  ]
}

extension RecordRules.Calls: PolicyChoice {}

extension CredentialScheme {
  /// Lower case.
  package var headerNames: [String] {
    let names: [String] =
      switch self {
      case .bearer, .basic: ["authorization"]
      case .header(let name): [name]
      case .headerPair(let id, let secret): [id, secret]
      case .authorizationPair(let idHeader, _): [idHeader, "authorization"]
      }
    return names.map { $0.lowercased() }
  }
}

extension PolicyReader {
  static func records(_ cursor: PolicyCursor, _ rules: inout RecordRules) {
    cursor.choice("calls", &rules.calls)
    cursor.set("headers", &rules.headers, 0...16) { $0.text(.headerName) }
  }
}

extension PolicyRules {
  static func checkRecords(_ policy: Policy, _ problems: PolicyProblems) {
    let secret = RecordRules.neverKept.union(policy.credential.headerNames)
    for (index, name) in policy.records.headers.enumerated()
    where secret.contains(name.lowercased()) {
      problems.report(
        JSONPointer(["records", "headers", String(index)]),
        "carries a secret, which is never put on record")
    }
  }
}
