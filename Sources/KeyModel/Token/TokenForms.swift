// All forms of token that a policy knows: one per environment and kind. Which key a token belongs
// to is not known here; its record says that.

package struct TokenForms: Sendable {
  package struct Form: Sendable, Hashable {
    /// Index into the policy's environments; nil where several share the prefix and host or path
    /// tell them apart.
    package var environment: Int?
    package var kind: KeyKind
    package var format: TokenFormat
  }

  /// Longest prefix first: `tw_sk_test_` is asked before `tw_sk_`.
  package let forms: [Form]
  /// What is issued, in the policy's order.
  private let issued: [Form]

  /// Made once per worker: asking it touches nothing that another copy made by `init` touches.
  package init(policy: Policy) {
    var forms: [Form] = []
    var issued: [Form] = []
    for (index, environment) in policy.environments.enumerated() {
      for kind in policy.kinds(in: environment) {
        let format = TokenFormat(prefix: environment.prefix(of: kind), form: policy.secret)
        issued.append(Form(environment: index, kind: kind, format: format))
        if let same = forms.firstIndex(where: { $0.format == format && $0.kind == kind }) {
          forms[same].environment = nil
        } else {
          forms.append(Form(environment: index, kind: kind, format: format))
        }
      }
    }
    // `sort` is stable, so equal lengths keep the policy's order.
    self.issued = issued
    self.forms = forms.sorted { $0.format.prefix.utf8.count > $1.format.prefix.utf8.count }
  }

  /// The form with the longest prefix that the token has; the rest of it may still be wrong.
  @inline(__always)
  package func classify(_ token: UnsafeRawBufferPointer) -> Form? {
    for form in forms where form.format.hasPrefix(token) { return form }
    return nil
  }

  /// The form of a token that is well-formed in every respect; nil means `malformed`.
  package func recognize(_ token: UnsafeRawBufferPointer) -> Form? {
    guard let form = classify(token), form.format.isWellFormed(token) else { return nil }
    return form
  }

  /// Nil where the policy has no such environment or kind.
  package func format(environment: Int, kind: KeyKind) -> TokenFormat? {
    issued.first { $0.kind == kind && $0.environment == environment }?.format
  }

  /// A new token of the environment and kind. One whose random body happens to read as another
  /// form's longer prefix is thrown away, so what is issued is always recognized as itself.
  /// - Parameter random: gives as many random bytes as it is asked for.
  /// - Returns: nil where the policy has no such environment or kind.
  package func generate(
    environment: Int, kind: KeyKind, random: (Int) -> [UInt8]
  ) -> [UInt8]? {
    guard let format = format(environment: environment, kind: kind) else { return nil }
    while true {
      let token = format.generate(random: random(format.randomByteCount))
      if token.withUnsafeBytes({ recognize($0)?.format == format }) { return token }
    }
  }
}

extension Policy {
  /// The kinds of which keys are made there: publishable ones only under a prefix of their own, by
  /// which they are told from secret ones.
  package func kinds(in environment: Environment) -> [KeyKind] {
    kinds.filter { $0 == .secret || !environment.publishablePrefix.isEmpty }
  }
}

extension Environment {
  package func prefix(of kind: KeyKind) -> String {
    kind == .secret ? secretPrefix : publishablePrefix
  }
}
