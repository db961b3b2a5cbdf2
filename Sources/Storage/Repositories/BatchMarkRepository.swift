// Which batch each writer added up last. A writer numbers its batches and keeps one, unchanged,
// until it knows that it is stored: so one whose commit was left in doubt is not added twice.
package import KeyModel

package struct BatchMarkRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// False where this batch was stored before; its transaction must then add nothing.
  /// - Parameters:
  ///   - writer: 16 bytes of its own.
  ///   - batch: higher than every one before.
  package func begin(
    _ batch: Int64, by writer: [UInt8], at now: Timestamp
  ) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      INSERT INTO batch_marks (writer, batch, at) VALUES ($1, $2, $3)
      ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at
      WHERE batch_marks.batch < excluded.batch
      """, [.blob(writer), .integer(batch), .time(now)]) > 0
  }

  /// Forgets writers that have been silent since then. Gives how many.
  package func purge(before time: Timestamp) throws(StoreError) -> Int {
    try transaction.execute("DELETE FROM batch_marks WHERE at < $1", [.time(time)])
  }
}
