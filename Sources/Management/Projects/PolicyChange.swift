// What a change of policy would do to keys that exist. It must not let a key become unusable
// without anyone having revoked it.
internal import KeyModel
internal import Storage

struct PolicyChange {
  let old: Policy
  let new: Policy

  init(from old: Policy, to new: Policy) {
    self.old = old
    self.new = new
  }

  /// Environment and kind of keys that the new policy would not recognize any more, and why.
  struct Loss: Hashable {
    var environment: String
    var kind: KeyKind
    var reason: String
  }

  var losses: [Loss] {
    let oldForms = TokenForms(policy: old)
    let newForms = TokenForms(policy: new)
    return old.environments.indices.flatMap { index in
      old.kinds.compactMap { kind in
        reason(index, kind, oldForms, newForms).map {
          Loss(environment: old.environments[index].name, kind: kind, reason: $0)
        }
      }
    }
  }

  private func reason(
    _ index: Int, _ kind: KeyKind, _ oldForms: TokenForms, _ newForms: TokenForms
  ) -> String? {
    let name = old.environments[index].name
    guard let position = new.environments.firstIndex(where: { $0.name == name }) else {
      return "the environment \(name) is gone"
    }
    guard new.kinds.contains(kind) else { return "the kind \(kind.name) is gone" }
    guard let format = oldForms.format(environment: index, kind: kind) else { return nil }
    let sample = format.generate(random: [UInt8](repeating: 0x55, count: format.randomByteCount))
    let form = sample.withUnsafeBytes { newForms.recognize($0) }
    guard let form, form.kind == kind, form.environment == nil || form.environment == position
    else { return "secrets of \(name) would not be recognized any more" }
    return nil
  }

  func requireNoOrphans(_ project: ProjectID, now: Timestamp, _ tx: Transaction) throws {
    let losses = self.losses
    guard !losses.isEmpty else { return }
    try tx.accounts.forEach(in: project) { account in
      for loss in losses {
        let filter = KeyFilter(
          account: account.id, environment: loss.environment, kind: loss.kind,
          standing: .active(at: now))
        guard try tx.keys.count(filter) == 0 else {
          throw Problem(
            .policyInUse, "There are active keys and \(loss.reason). Revoke them first.")
        }
      }
    }
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
