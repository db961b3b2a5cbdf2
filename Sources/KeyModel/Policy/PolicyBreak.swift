// What a change of policy would do to keys, applications and members that are there: which rule of
// the new policy they break, and how many of them. It only counts; whether the change goes on is
// decided by who asks.

/// Active keys of one account that are alike in all that a policy distinguishes.
package struct KeyUse: Hashable, Sendable {
  package var account: AccountID
  package var application: ApplicationID
  package var environment: String
  package var kind: KeyKind
  package var access: Access
  package var count: Int
  package init(
    account: AccountID, application: ApplicationID, environment: String, kind: KeyKind,
    access: Access, count: Int
  ) {
    self.account = account
    self.application = application
    self.environment = environment
    self.kind = kind
    self.access = access
    self.count = count
  }
}

/// What a project holds.
package struct PolicyUse: Hashable, Sendable {
  package var keys: [KeyUse]
  /// How many applications each account has.
  package var applications: [AccountID: Int]
  /// How many members have each role.
  package var roles: [String: Int]
  /// Keys were imported: a secret of any form is looked for.
  package var takesAnyForm: Bool
  package init(
    keys: [KeyUse], applications: [AccountID: Int], roles: [String: Int] = [:],
    takesAnyForm: Bool = false
  ) {
    self.keys = keys
    self.applications = applications
    self.roles = roles
    self.takesAnyForm = takesAnyForm
  }
}

package struct PolicyBreaks {
  private let old: Policy
  private let new: Policy
  private let use: PolicyUse

  /// Pointers are into the policy document; empty where everything that is there fits the new
  /// policy as well as it fitted the old one.
  package static func find(from old: Policy, to new: Policy, _ use: PolicyUse) -> [PolicyProblem] {
    let breaks = PolicyBreaks(old: old, new: new, use: use)
    return breaks.scheme + breaks.forms + breaks.access + breaks.keyLimit + breaks.applications
      + breaks.roles
  }

  private func keys(_ fits: (KeyUse) -> Bool) -> Int {
    use.keys.reduce(0) { fits($1) ? $0 + $1.count : $0 }
  }

  private static func keys(_ count: Int) -> String {
    count == 1 ? "1 active key" : "\(count) active keys"
  }

  private var scheme: [PolicyProblem] {
    let count = keys { _ in true }
    guard old.credential != new.credential, count > 0 else { return [] }
    return [
      PolicyProblem(
        pointer: JSONPointer(["credential"]),
        message: "\(Self.keys(count)) would have to be presented in another way")
    ]
  }

  /// By environment and kind, as secrets have their forms.
  private var forms: [PolicyProblem] {
    let (before, after) = (TokenForms(policy: old), TokenForms(policy: new))
    return old.environments.indices.flatMap { index in
      old.kinds.compactMap { kind -> PolicyProblem? in
        let name = old.environments[index].name
        let count = keys { $0.environment == name && $0.kind == kind }
        guard count > 0, let (place, why) = loss(index, kind, before, after) else { return nil }
        return PolicyProblem(
          pointer: JSONPointer(place), message: "\(Self.keys(count)) of `\(name)`: \(why)")
      }
    }
  }

  private func loss(
    _ index: Int, _ kind: KeyKind, _ before: TokenForms, _ after: TokenForms
  ) -> (place: [String], why: String)? {
    let name = old.environments[index].name
    guard let position = new.environments.firstIndex(where: { $0.name == name }) else {
      return (["environments"], "the environment is gone")
    }
    guard new.kinds.contains(kind) else {
      return (["kinds"], "the kind `\(kind.name)` is gone")
    }
    guard !use.takesAnyForm, let format = before.format(environment: index, kind: kind) else {
      return nil
    }
    let sample = format.generate(random: [UInt8](repeating: 0x55, count: format.randomByteCount))
    let form = sample.withUnsafeBytes { after.recognize($0) }
    if let form, form.kind == kind, form.environment == nil || form.environment == position {
      return nil
    }
    let place = formPlace(index, position, kind)
    let why = "their secrets would be malformed"
    guard place == ["secret", "bytes"], new.secret.bytes > old.secret.bytes else {
      return (place, why)
    }
    let oldest = old.secret.acceptFromBytes ?? old.secret.bytes
    return (place, "\(why); with `accept_from_bytes` \(oldest) they stay what they are")
  }

  private func formPlace(_ index: Int, _ position: Int, _ kind: KeyKind) -> [String] {
    if old.environments[index].prefix(of: kind) != new.environments[position].prefix(of: kind) {
      return ["environments", String(position), "\(kind.name)_prefix"]
    }
    if old.secret.alphabet != new.secret.alphabet { return ["secret", "alphabet"] }
    if old.secret.checksum != new.secret.checksum { return ["secret", "checksum"] }
    return old.secret.bytes == new.secret.bytes ? ["environments"] : ["secret", "bytes"]
  }

  private var access: [PolicyProblem] {
    old.access.filter { !new.access.contains($0) }.compactMap { gone in
      let count = keys { $0.access == gone }
      guard count > 0 else { return nil }
      return PolicyProblem(
        pointer: JSONPointer(["access"]),
        message: "\(Self.keys(count)) with access `\(gone.name)`, which is gone")
    }
  }

  private var keyLimit: [PolicyProblem] {
    guard let limit = new.keyLimit, let max = limit.max, limit != old.keyLimit else { return [] }
    var held: [[String]: Int] = [:]
    for use in use.keys {
      let place =
        switch limit.per {
        case .account: ""
        case .environment: use.environment
        case .application: use.application.description
        }
      held[[use.account.description, place], default: 0] += use.count
    }
    let over = held.values.filter { $0 > max }
    guard let most = over.max() else { return [] }
    return [
      PolicyProblem(
        pointer: JSONPointer(["limits", "keys", "max"]),
        message: "\(over.count) \(limit.per.rawValue)\(over.count == 1 ? " holds" : "s hold") "
          + "more than \(Self.keys(max)); the most is \(most)")
    ]
  }

  private var roles: [PolicyProblem] {
    old.members.roles.compactMap { role in
      guard new.members.role(named: role.name) == nil, let count = use.roles[role.name] else {
        return nil
      }
      return PolicyProblem(
        pointer: JSONPointer(["members", "roles"]),
        message: "\(count == 1 ? "1 member has" : "\(count) members have") the role "
          + "`\(role.name)`, which is gone")
    }
  }

  private var applications: [PolicyProblem] {
    guard let max = new.applications.max, old.applications.max != max else { return [] }
    let over = use.applications.values.filter { $0 > max }
    guard let most = over.max() else { return [] }
    return [
      PolicyProblem(
        pointer: JSONPointer(["applications", "max"]),
        message: "\(over.count) account\(over.count == 1 ? " has" : "s have") more than \(max) "
          + "application\(max == 1 ? "" : "s"); the most is \(most)")
    ]
  }
}
