// Giving versions and operator keys their look-up values under the newest pepper: those that were
// presented, and those whose secret can be opened. Neither changes what a key may do.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  private static let batch = 500

  /// Stores what was found under the pepper before, on the data plane or here; gives how many rows
  /// changed. A row that another has changed in between is left alone.
  @discardableResult
  package func rehash(_ found: [Rehash]) async throws(Problem) -> Int {
    let all = found + rehashes.take()
    var count = 0
    for start in stride(from: 0, to: all.count, by: Self.batch) {
      count += try await store(Array(all[start..<min(start + Self.batch, all.count)]))
    }
    return count
  }

  /// Operator keys that wait for it.
  package var rehashesWaiting: Int { rehashes.count }

  private func store(_ rehashes: [Rehash]) async throws(Problem) -> Int {
    try await publishing { tx in
      let newest = try tx.peppers.newest()
      return Batch(
        changed: try rehashes.filter { try $0.pepperID == newest && tx.peppers.apply($0) })
    }.changed.count
  }

  /// One batch of the versions whose secret can be opened, from `first` on. To be called until
  /// `next` is null; may be broken off at any point and begun anew.
  package func rehashSealed(from first: KeyID?) async throws(Problem) -> JSONValue {
    if first == nil { try await auditPass() }
    let batch = try await publishing { [self] tx in
      let pepper = try vault.newestPepper(tx)
      let versions = try tx.peppers.sealedVersions(
        notUnder: pepper.pepperID, from: first, limit: Self.batch)
      let changed: [Rehash] = try versions.compactMap { version in
        guard
          let secret = try? vault.open(
            version.sealed, at: .version(version.id, of: version.accountID), tx)
        else { return nil }
        let rehash = Rehash(
          subject: .version(version.id, of: version.keyID), former: version.lookup,
          lookup: pepper.lookup(of: secret), pepperID: pepper.pepperID)
        return try tx.peppers.apply(rehash) ? rehash : nil
      }
      return Batch(
        changed: changed, next: versions.count == Self.batch ? versions.last?.keyID : nil)
    }
    return [
      "rehashed": .integer(Int64(batch.changed.count)),
      "next": batch.next.map { .string($0.description) } ?? .null,
    ]
  }

  /// Secrets are opened in bulk: that is on record before the first one is.
  private func auditPass() async throws(Problem) {
    _ = try await change(.createOperatorKey, by: Caller(.local)) { context in
      context.audit(
        "pepper.rehash", project: nil, subject: Self.name(try context.tx.peppers.newest()))
      return .noContent
    }
  }

  /// Runs `body`, and answers once the data plane knows the new values of what it gave.
  private func publishing(
    _ body: @escaping @Sendable (Transaction) throws -> Batch
  ) async throws(Problem) -> Batch {
    let batch: Batch
    do {
      batch = try await store.write { tx in
        var batch = try body(tx)
        for rehash in batch.changed { batch.position = try tx.changes.append(rehash.subject.row) }
        return batch
      }
    } catch {
      throw problem(error)
    }
    if let position = batch.position { try await apply(position) }
    return batch
  }
}

private struct Batch: Sendable {
  var changed: [Rehash]
  /// Where the pass goes on; nil at its end.
  var next: KeyID?
  /// Of the last change; nil where nothing changed.
  var position: Int64?
}

extension Rehash.Subject {
  fileprivate var row: ChangeSubject {
    switch self {
    case .version(_, let key): .key(key)
    case .operatorKey(let id): .operatorKey(id)
    }
  }
}
