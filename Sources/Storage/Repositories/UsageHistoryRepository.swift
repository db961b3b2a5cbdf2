// Calls per key and day: added up over versions, batches and servers, kept for a stated time.
package import KeyModel

/// The admitted calls of one key on one day.
package struct KeyDay: Sendable, Hashable {
  package var keyID: KeyID
  /// Days since 1970-01-01.
  package var day: Int64
  package var calls: Int64

  package init(keyID: KeyID, day: Int64, calls: Int64) {
    self.keyID = keyID
    self.day = day
    self.calls = calls
  }

  /// The versions of a key together, in the order of the table.
  package static func adding(_ usage: [VersionUsage]) -> [KeyDay] {
    let days = usage.filter { $0.calls > 0 }
      .map { KeyDay(keyID: $0.keyID, day: $0.day.start.day, calls: $0.calls) }
      .sorted { ($0.keyID, $0.day) < ($1.keyID, $1.day) }
    return days.reduce(into: []) { all, one in
      if let last = all.last, last.keyID == one.keyID, last.day == one.day {
        all[all.count - 1].calls += one.calls
      } else {
        all.append(one)
      }
    }
  }
}

/// The calls of all keys that were asked for, on one day.
package struct DayCalls: Sendable, Hashable {
  /// Days since 1970-01-01.
  package var day: Int64
  package var calls: Int64
  package init(day: Int64, calls: Int64) {
    self.day = day
    self.calls = calls
  }
}

package struct UsageHistoryRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Adds up; keys that are gone are passed over.
  package func add(_ days: [KeyDay]) throws(StoreError) {
    for one in days {
      let arguments: [SQLValue] = [.id(one.keyID), .integer(one.day), .integer(one.calls)]
      let isAdded = try transaction.execute(
        "UPDATE key_days SET calls = calls + $3 WHERE key_id = $1 AND day = $2", arguments)
      if isAdded > 0 { continue }
      try transaction.execute(
        """
        INSERT INTO key_days (key_id, day, calls)
        SELECT $1, $2, $3 FROM keys WHERE id = $1
        ON CONFLICT (key_id, day) DO UPDATE SET calls = key_days.calls + excluded.calls
        """, arguments)
    }
  }

  /// Oldest day first; days without calls are left out. `days` are days since 1970-01-01.
  package func days(
    of account: AccountID, in days: ClosedRange<Int64>
  ) throws(StoreError) -> [DayCalls] {
    try list(
      """
      FROM keys JOIN key_days ON key_days.key_id = keys.id
      WHERE keys.account_id = $1 AND day BETWEEN $2 AND $3
      """, [.id(account), .integer(days.lowerBound), .integer(days.upperBound)])
  }

  /// The same for one key alone.
  package func days(
    of key: KeyID, in days: ClosedRange<Int64>
  ) throws(StoreError) -> [DayCalls] {
    try list(
      "FROM key_days WHERE key_id = $1 AND day BETWEEN $2 AND $3",
      [.id(key), .integer(days.lowerBound), .integer(days.upperBound)])
  }

  private func list(
    _ source: String, _ arguments: [SQLValue]
  ) throws(StoreError) -> [DayCalls] {
    try transaction.rows(
      "SELECT day, CAST(SUM(calls) AS BIGINT) \(source) GROUP BY day ORDER BY day", arguments
    ) { (row: any Row) throws(StoreError) in
      DayCalls(day: try row.integer(0), calls: try row.integer(1))
    }
  }

  /// Forgets what is of an earlier day; at most `limit` rows. Gives how many went.
  package func purge(before day: Int64, limit: Int) throws(StoreError) -> Int {
    let old = try transaction.rows(
      "SELECT key_id, day FROM key_days WHERE day < $1 ORDER BY day LIMIT $2",
      [.integer(day), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in
      KeyDay(keyID: try row.id(0), day: try row.integer(1), calls: 0)
    }
    for one in old {
      try transaction.execute(
        "DELETE FROM key_days WHERE key_id = $1 AND day = $2",
        [.id(one.keyID), .integer(one.day)])
    }
    return old.count
  }
}
