// Where a store is, and what differs between engines that callers may want to know.

package enum StoreLocation: Sendable, Hashable {
  case sqliteFile(path: String)
  /// Gone with the store; for tests and the simulator.
  case sqliteMemory
  /// `postgres://…` or `postgresql://…`
  case postgres(url: String)
}

package struct StoreCapabilities: Sendable, Hashable {
  /// Reads run beside writes, on connections of their own.
  package var concurrentReads: Bool
  /// Other processes may write to the same database.
  package var sharedAmongProcesses: Bool
  /// Writes of different rows run side by side.
  package var rowLocks: Bool
  /// Each statement is a journey to another process.
  package var statementsTravel: Bool
}
