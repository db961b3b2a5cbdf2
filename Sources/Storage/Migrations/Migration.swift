// The steps by which a database comes to the present schema. A step that has been released must
// never change; what is new becomes a new step at the end.

struct Migration: Sendable {
  /// 1, 2, 3 …
  var version: Int64
  /// Table definitions in the dialect's type names; every rule that can be broken has a name
  /// `table_column…`, which `StoreError.conflict` carries.
  var statements: @Sendable (Dialect) -> [String]

  static let all: [Migration] = [
    tenants, keys, control, feed, members, callers, peppers, usageHistory, imports,
    quotas, webhooks, cycles, mails, leaks, marks, quotaLog, quotaTerms,
  ]
}

/// Brings one database up to date in one transaction.
struct Migrator {
  let connection: any Connection

  func run(_ migrations: [Migration]) throws(StoreError) {
    try connection.inTransaction(.migrate) { () throws(StoreError) in try apply(migrations) }
  }

  private func apply(_ migrations: [Migration]) throws(StoreError) {
    let found = try beginning { () throws(StoreError) in try version() }
    let known = migrations.last?.version ?? 0
    guard found ?? 0 <= known else { throw .schemaTooNew(found: found ?? 0, known: known) }
    if found == known { return }
    let steps = migrations.filter { $0.version > found ?? 0 }
    if found == nil {
      try beginning { () throws(StoreError) in try take(steps) }
    } else {
      try take(steps)
    }
    try connection.run(
      found == nil ? "INSERT INTO schema (version) VALUES ($1)" : "UPDATE schema SET version = $1",
      [.integer(known)])
  }

  private func version() throws(StoreError) -> Int64? {
    let types = connection.dialect
    try connection.run(
      "CREATE TABLE IF NOT EXISTS schema (version \(types.integer) NOT NULL) \(types.table)")
    var found: Int64?
    try connection.run("SELECT version FROM schema", []) { (row: any Row) throws(StoreError) in
      found = try row.integer(0)
    }
    return found
  }

  private func take(_ steps: [Migration]) throws(StoreError) {
    for step in steps {
      for statement in step.statements(connection.dialect) { try connection.script(statement) }
    }
  }

  /// Our first statements are right wherever nothing is: what refuses them is what is there.
  private func beginning<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
    do throws(StoreError) { return try body() } catch {
      guard case .statement(_, let message) = error else { throw error }
      throw .notOurs(message)
    }
  }
}
