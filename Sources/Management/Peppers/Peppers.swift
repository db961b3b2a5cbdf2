// Changing the pepper: a new one is made beside the old, whoever shows up or can be opened is
// hashed anew, and the old one retires when nobody needs it. Each step is one transaction, so a
// crash leaves nothing that could not go on. Must not look at a token: that is Rehashing's.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  /// Live peppers, newest first, each with who still has a look-up value under it.
  package func peppers() async throws(Problem) -> JSONValue {
    let now = clock.now()
    return try await read(.listOperatorKeys, by: .local) { view in
      let rows = try view.tx.keyring.live(purpose: WrappedKey.pepper)
      return [
        "peppers": .array(
          try rows.reversed().enumerated().map { at, row in
            let use = try view.tx.peppers.use(of: row.id, at: now)
            return [
              "pepper": .integer(row.id), "state": at == 0 ? "newest" : "older",
              "created_at": .string(RFC3339.format(row.createdAt)),
              "keys": .integer(use.keys), "operator_keys": .integer(use.operatorKeys),
              "ended_versions": .integer(use.ended),
            ]
          })
      ]
    }
  }

  /// A new pepper, in force when this returns. 409 where two are live already.
  package func rotatePepper() async throws(Problem) -> JSONValue {
    try await upkeep { [vault] context in
      let keyring = try vault.read(context.tx)
      let row: WrappedKey
      do {
        row = try keyring.nextPepper(
          id: try context.tx.keyring.nextID(), now: context.now, entropy: context.entropy)
      } catch is KeyringError {
        throw Self.twoPeppers(keyring)
      }
      try context.tx.keyring.insert(row)
      context.publish(.keyring)
      context.audit("pepper.rotated", project: nil, subject: Self.name(row.id))
      return ["pepper": .integer(row.id), "older": .integer(keyring.newestPepper.pepperID)]
    }
  }

  /// Ends the older pepper. 409 where a key still needs it, unless forced: then those keys stop
  /// verifying. Null where only one is live.
  package func retirePepper(force: Bool) async throws(Problem) -> JSONValue {
    try await upkeep { [vault] context in
      let peppers = try vault.read(context.tx).peppers
      guard let older = peppers.dropFirst().first?.pepperID else {
        context.nothingToDo()
        return .null
      }
      let use = try context.tx.peppers.use(of: older, at: context.now)
      let needing = use.keys + use.operatorKeys
      guard force || needing == 0 else { throw Self.stillNeeded(older, use) }
      _ = try context.tx.keyring.retire(older, at: context.now)
      context.publish(.keyring)
      context.audit(
        "pepper.retired", project: nil, subject: Self.name(older),
        ["left_behind": .integer(needing), "forced": .bool(force && needing > 0)])
      return [
        "retired": .integer(older), "keys_left_behind": .integer(use.keys),
        "operator_keys_left_behind": .integer(use.operatorKeys),
        "ended_versions_left_behind": .integer(use.ended),
      ]
    }
  }

  private func upkeep(
    _ effect: @escaping @Sendable (inout ChangeContext) throws -> JSONValue
  ) async throws(Problem) -> JSONValue {
    // Only the local principal comes here, which may do everything.
    try await change(.createOperatorKey, by: Caller(.local)) { Answer(200, try effect(&$0)) }
      .body ?? .null
  }

  static func name(_ pepper: Int64) -> String { "pepper \(pepper)" }

  private static func twoPeppers(_ keyring: Keyring) -> Problem {
    let older = keyring.peppers.last?.pepperID ?? 0
    return Problem(
      .conflict,
      "Two peppers are live already, \(keyring.newestPepper.pepperID) and \(older): retire "
        + "pepper \(older) first.")
  }

  private static func stillNeeded(_ pepper: Int64, _ use: PepperUse) -> Problem {
    Problem(
      .conflict,
      "\(use.keys) keys and \(use.operatorKeys) operator keys still need pepper \(pepper). They "
        + "are hashed anew when they are next used; forced, they stop verifying.")
  }
}
