// The change feed: what of the record stream changed, numbered in the order of commits. Polling it
// is the contract; being told sooner is a courtesy.
package import KeyModel

package enum ChangeSubject: Sendable, Hashable {
  case project(ProjectID)
  case account(AccountID)
  case key(KeyID)
  case operatorKey(OperatorKeyID)
  /// The peppers: one was made or retired.
  case keyring
}

/// Something changed, or is gone if its row is not there any more.
package struct Change: Sendable, Hashable {
  package var position: Int64
  package var subject: ChangeSubject
  package init(position: Int64, subject: ChangeSubject) {
    self.position = position
    self.subject = subject
  }
}

package struct ChangeRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let inserts = MultiRowInsert(
    table: "changes", columns: "position, kind, subject", count: 3)

  /// Takes the next position. Its row is locked until the commit, so commits become visible in the
  /// order of positions.
  @discardableResult
  package func append(_ subject: ChangeSubject) throws(StoreError) -> Int64 {
    try append([subject])
  }

  /// Takes the next positions, one for each subject in its order; gives the first of them.
  @discardableResult
  package func append(_ subjects: [ChangeSubject]) throws(StoreError) -> Int64 {
    let first = try advance(by: Int64(subjects.count)) + 1
    try Self.inserts.run(in: transaction, rows: subjects.count) { row, arguments in
      let (kind, bits) = subjects[row].stored
      arguments += [.integer(first + Int64(row)), .integer(kind), .id(bits)]
    }
    return first
  }

  /// Gives the position before. What a statement returns SQLite puts into a table of its own first,
  /// which takes longer than to ask.
  private func advance(by count: Int64) throws(StoreError) -> Int64 {
    if transaction.capabilities.statementsTravel {
      return try transaction.numberChanging(
        "UPDATE feed SET position = position + $1 WHERE id = 1 RETURNING position",
        [.integer(count)]) - count
    }
    let position = try latest()
    try transaction.executeOne(
      "UPDATE feed SET position = $1 WHERE id = 1", [.integer(position + count)])
    return position
  }

  /// In order, from the one after `position`, at most `limit`.
  package func after(_ position: Int64, limit: Int) throws(StoreError) -> [Change] {
    try transaction.rows(
      """
      SELECT position, kind, subject FROM changes WHERE position > $1 ORDER BY position LIMIT $2
      """, [.integer(position), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in
      Change(
        position: try row.integer(0),
        subject: try ChangeSubject(kind: row.integer(1), bits: row.bits(2)))
    }
  }

  /// The position given last; 0 in a new store.
  package func latest() throws(StoreError) -> Int64 {
    try transaction.number("SELECT position FROM feed WHERE id = 1")
  }

  /// The next position is beyond `position`: those before were given by a store that this one takes
  /// the place of.
  package func skip(to position: Int64) throws(StoreError) {
    try transaction.execute(
      "UPDATE feed SET position = $1 WHERE id = 1 AND position < $1", [.integer(position)])
  }

  /// Changes up to this position are not kept any more: who stands lower must load anew.
  package func trimmed() throws(StoreError) -> Int64 {
    try transaction.number("SELECT trimmed FROM feed WHERE id = 1")
  }

  /// Forgets changes below `position`, the oldest first and at most `limit`; gives how many.
  package func trim(below position: Int64, limit: Int = .max) throws(StoreError) -> Int {
    let oldest = try transaction.number("SELECT coalesce(min(position), 0) FROM changes")
    let newest = min(position - 1, try latest())
    let upTo = newest - oldest < Int64(limit) ? newest : oldest + Int64(limit) - 1
    try transaction.execute(
      "UPDATE feed SET trimmed = $1 WHERE id = 1 AND trimmed < $1", [.integer(upTo)])
    return try transaction.execute(
      "DELETE FROM changes WHERE position <= $1", [.integer(upTo)])
  }
}

extension ChangeSubject {
  /// Kind numbers are stored and never change.
  fileprivate var stored: (kind: Int64, bits: UInt128) {
    switch self {
    case .project(let id): (0, id.bits)
    case .account(let id): (1, id.bits)
    case .key(let id): (2, id.bits)
    case .operatorKey(let id): (3, id.bits)
    case .keyring: (4, 0)
    }
  }

  fileprivate init(kind: Int64, bits: UInt128) throws(StoreError) {
    switch kind {
    case 0: self = .project(ID(bits: bits))
    case 1: self = .account(ID(bits: bits))
    case 2: self = .key(ID(bits: bits))
    case 3: self = .operatorKey(ID(bits: bits))
    case 4: self = .keyring
    default: throw .corrupt("a change of kind \(kind)")
    }
  }
}
