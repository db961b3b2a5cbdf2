// What the request log asks of an engine whose database several processes share.

/// A connection to a database that other processes use too.
protocol SharedConnection: Connection {
  /// Holds `number` among all processes until this connection ends; false where another has it.
  func claim(_ number: Int64) throws(StoreError) -> Bool
  /// Bytes on disk, indexes and all.
  func bytes(ofTable name: String) throws(StoreError) -> Int64
}
