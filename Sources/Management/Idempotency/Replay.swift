// What is remembered of a request with an idempotency key, in the same transaction as its effect.
// Secrets of an answer are kept sealed for ten minutes, the rest for a day.
internal import Crypto
internal import KeyModel
internal import Storage

struct Replay {
  static let secretSeconds: Int64 = 600
  static let markerSeconds: Int64 = 86_400

  let name: InFlight.Name
  let fingerprint: [UInt8]
  let vault: Vault

  init(_ request: IdempotencyKey, principal: Principal, vault: Vault) {
    // A client may have put a secret there: the store is to know the same key again, not its text.
    name = InFlight.Name(
      principal: principal.actor, route: request.route,
      key: Hex.encode(BLAKE2b.digest(of: Array(request.key.utf8))))
    fingerprint = BLAKE2b.digest(of: request.body)
    self.vault = vault
  }

  /// The earlier answer; nil where there is none, and then the marker is in place.
  func begin(_ tx: Transaction, now: Timestamp) throws -> Answer? {
    if try insert(tx, now: now) { return nil }
    guard let marker = try find(tx) else { throw StoreError.stale }
    guard marker.expiresAt > now else {
      _ = try tx.idempotency.delete(
        principal: name.principal, route: name.route, key: name.key)
      guard try insert(tx, now: now) else { throw StoreError.stale }
      return nil
    }
    guard marker.fingerprint == fingerprint else {
      throw Problem(
        .idempotencyMismatch, "This Idempotency-Key was used with another body before.")
    }
    guard let status = marker.status else { throw Problem.inFlight() }
    return try answer(marker, status: status, tx, now: now)
  }

  func complete(_ answer: Answer, _ tx: Transaction, now: Timestamp, entropy: any Entropy) throws {
    var marker = marker(now: now)
    marker.status = answer.status
    if let body = answer.body {
      let kept = SecretMember.expire(body)
      marker.body = JSONWriter.compactText(kept)
      if kept != body {
        marker.sealedSecret = try vault.seal(
          Secret(JSONWriter.compact(body)), at: .replay(name), entropy: entropy, tx)
      }
    }
    try tx.idempotency.complete(marker)
  }

  private func answer(
    _ marker: IdempotencyMarker, status: Int, _ tx: Transaction, now: Timestamp
  ) throws -> Answer {
    var answer = Answer(status)
    answer.replayed = true
    let isFresh = marker.createdAt.adding(seconds: Self.secretSeconds) > now
    if isFresh, let sealed = marker.sealedSecret {
      let body = try vault.open(sealed, at: .replay(name), tx)
      answer.body = try body.withBytes { try JSONReader.read($0) }
    } else if !marker.body.isEmpty {
      answer.body = try JSONReader.read(marker.body)
    }
    return answer
  }

  private func insert(_ tx: Transaction, now: Timestamp) throws -> Bool {
    try tx.idempotency.insertIfAbsent(marker(now: now))
  }

  private func find(_ tx: Transaction) throws -> IdempotencyMarker? {
    try tx.idempotency.find(principal: name.principal, route: name.route, key: name.key)
  }

  private func marker(now: Timestamp) -> IdempotencyMarker {
    IdempotencyMarker(
      principal: name.principal, route: name.route, key: name.key, fingerprint: fingerprint,
      createdAt: now, expiresAt: now.adding(seconds: Self.markerSeconds))
  }
}

extension Problem {
  static func inFlight() -> Problem {
    Problem(.idempotencyInFlight, "A request with this Idempotency-Key has not ended yet.")
  }
}
