// A change of policy against the keys that exist: refused, or accepted by name, where it would
// break some of them. It must not let a key become unusable without anyone having decided that.
internal import KeyModel
internal import Storage

/// How a change of a project is to be made.
package struct ProjectChange: Sendable {
  /// All checks, no change.
  package var dryRun = false
  /// Also where keys or applications that are there break the new policy.
  package var acceptBreaking = false
  package init(dryRun: Bool = false, acceptBreaking: Bool = false) {
    self.dryRun = dryRun
    self.acceptBreaking = acceptBreaking
  }
}

enum PolicyChange {
  /// Throws 409 with a finding for each rule of `new` that something there would break.
  static func check(
    from old: Policy, to new: Policy, of project: Project, now: Timestamp, _ tx: Transaction
  ) throws {
    guard old != new else { return }
    var use = try tx.policyUse(of: project.id, at: now)
    use.takesAnyForm = project.hasImports
    let breaks = PolicyBreaks.find(from: old, to: new, use)
    guard !breaks.isEmpty else { return }
    throw Problem(
      .policyInUse,
      "Keys, applications or members that are there would break the new policy. Change them first, "
        + "or send ?accept_breaking=true.",
      findings: breaks.map { Problem.Finding(pointer: "/policy\($0.pointer)", $0.message) })
  }
}

extension AccountRepository {
  /// Every account of a project, newest first.
  func forEach(in project: ProjectID, _ body: (Account) throws -> Void) throws {
    var before: AccountID?
    while true {
      let page = try list(project: project, before: before, limit: 200)
      for account in page { try body(account) }
      guard page.count == 200 else { return }
      before = page.last?.id
    }
  }
}

extension Transaction {
  /// What the account's secrets were sealed under: without it no backup can open them either.
  func deleteDataKeys(of account: AccountID) throws {
    for row in try keyring.live(purpose: WrappedKey.accountKey, account: account) {
      _ = try keyring.delete(row.id)
    }
  }
}
