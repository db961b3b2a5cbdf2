// Small facts about the database by name: schema canary, restore epoch, clock high-water mark.

package struct MetaRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  package func find(_ name: String) throws(StoreError) -> String? {
    try transaction.row("SELECT value FROM meta WHERE name = $1", [.text(name)]) {
      (row: any Row) throws(StoreError) in try row.text(0)
    }
  }

  package func set(_ name: String, _ value: String) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO meta (name, value) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value
      """, [.text(name), .text(value)])
  }

  /// Names that begin with `prefix`. There are few facts in all.
  package func list(prefix: String) throws(StoreError) -> [(name: String, value: String)] {
    try transaction.rows("SELECT name, value FROM meta ORDER BY name", []) {
      (row: any Row) throws(StoreError) in (name: try row.text(0), value: try row.text(1))
    }.filter { $0.name.hasPrefix(prefix) }
  }

  private static let epochName = "restore_epoch"

  /// Counts restores: positions of the change feed mean something within one epoch only.
  package func restoreEpoch() throws(StoreError) -> Int64 {
    guard let text = try find(Self.epochName) else { return 0 }
    guard let epoch = Int64(text) else { throw .corrupt("the restore epoch") }
    return epoch
  }

  package func setRestoreEpoch(_ epoch: Int64) throws(StoreError) {
    try set(Self.epochName, String(epoch))
  }

  /// False where there was none.
  package func delete(_ name: String) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM meta WHERE name = $1", [.text(name)]) > 0
  }
}
