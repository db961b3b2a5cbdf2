// A new secret and everything that is stored of it.
internal import Crypto
internal import KeyModel
internal import Storage

struct MadeSecret {
  let id: VersionID
  let secret: Secret
  let lookup: Lookup
  let pepperID: Int64
  let hint: String
  /// Nil where the policy shows a secret once.
  let sealed: [UInt8]?

  /// Number, state and times are given by the key's lifecycle.
  func version(of key: KeyID, at now: Timestamp) -> KeyVersion {
    KeyVersion(
      id: id, keyID: key, number: 1, state: .active, lookup: lookup, pepperID: pepperID,
      hint: hint, sealedSecret: sealed, acceptedFrom: now, createdAt: now)
  }
}

extension UseCases {
  /// - Parameter sealing: also where the policy shows a secret once: it is to be brought somewhere.
  func makeSecret(
    environment name: String, _ kind: KeyKind, _ policy: Policy, _ account: AccountID,
    sealing: Bool = false, _ context: inout ChangeContext
  ) throws -> MadeSecret {
    guard let index = policy.environments.firstIndex(where: { $0.name == name }),
      let token = TokenForms(policy: policy).generate(
        environment: index, kind: kind, random: entropy.bytes)
    else {
      throw Problem(
        .policyInUse, "The policy has no environment \(name) with keys of this kind any more.")
    }
    let id: VersionID = entropy.newID(context.now)
    let secret = Secret(token)
    let pepper = try vault.newestPepper(context.tx)
    let isRecoverable = sealing || policy.environments[index].reveal == .always
    return MadeSecret(
      id: id, secret: secret, lookup: pepper.lookup(of: secret), pepperID: pepper.pepperID,
      hint: TokenFormat.hint(of: token),
      sealed: isRecoverable
        ? try vault.seal(
          secret, at: .version(id, of: account), entropy: entropy, context.tx) : nil)
  }
}
