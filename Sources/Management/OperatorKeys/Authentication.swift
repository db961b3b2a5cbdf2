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
    let peppers = vault.keyring.peppers
    let lookups = peppers.map { $0.lookup(of: token) }
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
    if key.lookup != lookups[0] {
      rehashes.add(
        Rehash(
          subject: .operatorKey(key.id), former: key.lookup, lookup: lookups[0],
          pepperID: peppers[0].pepperID))
    }
    let principal = Principal.operatorKey(
      id: key.id, scopes: Set(key.scopes.compactMap(Scope.init(rawValue:))),
      projectID: key.projectID)
    principals.keep(principal, key.lookup, generation: generation)
    return principal
  }
}
