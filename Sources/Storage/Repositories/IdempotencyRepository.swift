// What is remembered of POSTs with an `Idempotency-Key`; commits with their effect.
package import KeyModel

package struct IdempotencyMarker: Sendable, Hashable {
  /// Who asked: `operator:opk_…`, ….
  package var principal: String
  package var route: String
  package var key: String
  /// 32 bytes over the request's body.
  package var fingerprint: [UInt8]
  /// Nil while the request is in flight.
  package var status: Int?
  package var body: String
  package var sealedSecret: [UInt8]?
  package var createdAt: Timestamp
  package var expiresAt: Timestamp
  package init(
    principal: String, route: String, key: String, fingerprint: [UInt8], status: Int? = nil,
    body: String = "", sealedSecret: [UInt8]? = nil, createdAt: Timestamp, expiresAt: Timestamp
  ) {
    self.principal = principal
    self.route = route
    self.key = key
    self.fingerprint = fingerprint
    self.status = status
    self.body = body
    self.sealedSecret = sealedSecret
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

package struct IdempotencyRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    principal, route, key, fingerprint, status, body, sealed_secret, created_at, expires_at
    """

  /// False where one with the same principal, route and key is there already, expired ones too.
  package func insertIfAbsent(_ marker: IdempotencyMarker) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      INSERT INTO idempotency (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (principal, route, key) DO NOTHING
      """,
      [
        .text(marker.principal), .text(marker.route), .text(marker.key),
        .blob(marker.fingerprint), .integer(marker.status.map { Int64($0) }),
        .text(marker.body), .blob(marker.sealedSecret), .time(marker.createdAt),
        .time(marker.expiresAt),
      ]) > 0
  }

  package func find(
    principal: String, route: String, key: String
  ) throws(StoreError) -> IdempotencyMarker? {
    try transaction.row(
      """
      SELECT \(Self.columns) FROM idempotency WHERE principal = $1 AND route = $2 AND key = $3
      """, [.text(principal), .text(route), .text(key)], Self.marker)
  }

  /// Stores status, body, sealed secret and expiry of `marker`; `stale` where it is not there.
  package func complete(_ marker: IdempotencyMarker) throws(StoreError) {
    try transaction.executeOne(
      """
      UPDATE idempotency SET status = $4, body = $5, sealed_secret = $6, expires_at = $7
      WHERE principal = $1 AND route = $2 AND key = $3
      """,
      [
        .text(marker.principal), .text(marker.route), .text(marker.key),
        .integer(marker.status.map { Int64($0) }), .text(marker.body),
        .blob(marker.sealedSecret), .time(marker.expiresAt),
      ])
  }

  /// False where there was none.
  package func delete(principal: String, route: String, key: String) throws(StoreError) -> Bool {
    try transaction.execute(
      "DELETE FROM idempotency WHERE principal = $1 AND route = $2 AND key = $3",
      [.text(principal), .text(route), .text(key)]) > 0
  }

  /// Erases sealed secrets of markers made before; gives how many.
  package func eraseSecrets(createdBefore: Timestamp) throws(StoreError) -> Int {
    try transaction.execute(
      """
      UPDATE idempotency SET sealed_secret = NULL
      WHERE created_at < $1 AND sealed_secret IS NOT NULL
      """, [.time(createdBefore)])
  }

  /// Deletes what expired at or before `now`; gives how many.
  package func purge(expiredAt now: Timestamp) throws(StoreError) -> Int {
    try transaction.execute("DELETE FROM idempotency WHERE expires_at <= $1", [.time(now)])
  }

  private static func marker(_ row: any Row) throws(StoreError) -> IdempotencyMarker {
    IdempotencyMarker(
      principal: try row.text(0), route: try row.text(1), key: try row.text(2),
      fingerprint: try row.blob(3), status: try row.optionalInteger(4).map { Int($0) },
      body: try row.text(5), sealedSecret: try row.optionalBlob(6), createdAt: try row.time(7),
      expiresAt: try row.time(8))
  }
}
