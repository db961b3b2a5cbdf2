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

  /// False where there was none.
  package func delete(_ name: String) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM meta WHERE name = $1", [.text(name)]) > 0
  }
}
