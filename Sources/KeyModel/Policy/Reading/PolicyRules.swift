// Rules of a policy that concern several knobs at once. They are asked after every knob for
// itself was found good.

enum PolicyRules {
  static func check(_ policy: Policy, _ problems: PolicyProblems) {
    checkNames(policy.environments, problems)
    checkHosts(policy.environments, problems)
    checkDistinguishable(policy, problems)
    checkPrefixes(policy, problems)
    checkRest(policy, problems)
    checkRecords(policy, problems)
  }

  private static func pointer(_ index: Int, _ name: String) -> JSONPointer {
    JSONPointer(["environments", String(index), name])
  }

  private static func checkNames(_ environments: [Environment], _ problems: PolicyProblems) {
    for (index, environment) in environments.enumerated() {
      let before = environments[..<index]
      if before.contains(where: { $0.name == environment.name }) {
        problems.report(pointer(index, "name"), "is the name of another environment too")
      }
      if let path = environment.pathPrefix, before.contains(where: { $0.pathPrefix == path }) {
        problems.report(pointer(index, "path_prefix"), "belongs to another environment too")
      }
    }
  }

  private static func checkHosts(_ environments: [Environment], _ problems: PolicyProblems) {
    var seen: Set<String> = []
    for (index, environment) in environments.enumerated() {
      for (position, host) in environment.hosts.enumerated() where !seen.insert(host).inserted {
        problems.report(
          pointer(index, "hosts").appending(position), "stands in this policy twice")
      }
    }
  }

  /// Without a difference in prefix, host or path nobody could say which environment a call means.
  private static func checkDistinguishable(_ policy: Policy, _ problems: PolicyProblems) {
    for (index, environment) in policy.environments.enumerated() {
      for other in policy.environments[..<index] {
        let common = policy.kinds(in: environment).filter(policy.kinds(in: other).contains)
        let differ =
          common.allSatisfy { environment.prefix(of: $0) != other.prefix(of: $0) }
          || !(environment.hosts.isEmpty && other.hosts.isEmpty)
          || environment.pathPrefix != other.pathPrefix
        if !differ {
          problems.report(
            JSONPointer(["environments", String(index)]),
            "cannot be told from `\(other.name)`: give it another prefix, host or path")
        }
      }
    }
  }

  private struct Prefix {
    var text: String
    var kind: KeyKind
    var pointer: JSONPointer
  }

  private static func checkPrefixes(_ policy: Policy, _ problems: PolicyProblems) {
    let prefixes = policy.environments.indices.flatMap { index in
      policy.kinds(in: policy.environments[index]).map { kind in
        Prefix(
          text: policy.environments[index].prefix(of: kind), kind: kind,
          pointer: pointer(index, "\(kind.name)_prefix"))
      }
    }
    for (index, prefix) in prefixes.enumerated() {
      for other in prefixes[..<index] {
        if prefix.text == other.text, prefix.kind != other.kind {
          problems.report(prefix.pointer, "must differ from that of the other kind")
        } else if isAmbiguous(prefix.text, other.text, policy.secret.alphabet) {
          problems.report(
            prefix.pointer, "may be confused with `\(other.text)` followed by a random body")
        }
      }
    }
  }

  /// True where one prefix continues another with so few characters of the alphabet that a random
  /// body would often begin with them.
  private static func isAmbiguous(
    _ one: String, _ two: String, _ alphabet: SecretForm.Alphabet
  ) -> Bool {
    let (short, long) = one.utf8.count < two.utf8.count ? (one, two) : (two, one)
    guard long.hasPrefix(short), long != short else { return false }
    let tail = String(long.dropFirst(short.count))
    return tail.utf8.count < 4 && alphabet.bytes.holds(tail)
  }

  private static func checkRest(_ policy: Policy, _ problems: PolicyProblems) {
    if !policy.kinds.contains(.secret) {
      problems.report(JSONPointer(["kinds"]), "must hold `secret`")
    }
    let types = policy.webhooks.eventTypes.map(\.type)
    for (index, type) in types.enumerated() where types[..<index].contains(type) {
      problems.report(
        JSONPointer(["webhooks", "event_types", String(index), "type"]), "stands here twice")
    }
    for (index, signature) in policy.webhooks.signatures.enumerated() {
      guard case .header(_, _, .apiSecret, _) = signature,
        policy.environments.contains(where: { $0.reveal == .once })
      else { continue }
      problems.report(
        JSONPointer(["webhooks", "signatures", String(index), "key"]),
        "needs environments that reveal `always`: a secret shown once is not kept")
    }
  }
}

extension SecretForm.Alphabet {
  var bytes: ByteSet {
    switch self {
    case .base62: .base62
    case .base64url: .base64url
    case .hex: .lowerHex
    }
  }
}
