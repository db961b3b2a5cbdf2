// An id for each report of a leak, so that they can be listed in pages; and marks of batches that
// were added up, so that none is added twice. Released: must not change.

extension Migration {
  static let marks = Migration(version: 15) { types in
    let (integer, blob) = (types.integer, types.blob)
    return [
      "ALTER TABLE leaks ADD COLUMN id \(blob)",
      "UPDATE leaks SET id = version_id",
      "CREATE INDEX leaks_by_id ON leaks (id)",
      """
      CREATE TABLE batch_marks (
        writer \(blob) NOT NULL, batch \(integer) NOT NULL, at \(integer) NOT NULL,
        CONSTRAINT batch_marks_writer PRIMARY KEY (writer)) \(types.clusteredTable)
      """,
    ]
  }
}
