// From a presented token to a principal. Every refusal is the same, whatever was wrong.
internal import Crypto
internal import KeyModel
internal import Storage

extension UseCases {
  /// Throws 401 for a token that is malformed, unknown or revoked.
  package func authenticate(_ text: String) async throws(Problem) -> Principal {
    let token = Secret(text)
    guard token.withBytes({ TokenFormat.operatorKey.isWellFormed($0) }) else {
      throw .unauthorized(invalidToken: true)
    }
    let lookups = vault.keyring.lookups(of: token)
    for lookup in lookups {
      if let known = principals.find(lookup) { return known }
    }
    let generation = principals.generation
    let found: OperatorKey?
    do {
      found = try await store.read { tx in
        for lookup in lookups {
          if let key = try tx.operatorKeys.find(lookup: lookup) { return key }
        }
        return nil
      }
    } catch {
      throw problem(error)
    }
    guard let key = found, key.revokedAt == nil else {
      throw .unauthorized(invalidToken: true)
    }
    let principal = Principal.operatorKey(
      id: key.id, scopes: Set(key.scopes.compactMap(Scope.init(rawValue:))),
      projectID: key.projectID)
    principals.keep(principal, key.lookup, generation: generation)
    return principal
  }
}
