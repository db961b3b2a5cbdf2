// What the request log needs of connections beyond the store's repositories.

/// A connection to a database that other processes use too.
protocol SharedConnection: Connection {
  /// Holds `number` among all processes until this connection ends; false where another has it.
  func claim(_ number: Int64) throws(StoreError) -> Bool
  /// Bytes on disk, indexes and all.
  func bytes(ofTable name: String) throws(StoreError) -> Int64
}

extension Connection {
  /// Commits what `body` did, or rolls all of it back.
  func inTransaction<R>(
    _ kind: TransactionKind, _ body: () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    try begin(kind)
    do {
      let result = try body()
      try commit()
      return result
    } catch {
      rollback()
      throw error
    }
  }
}
