// The text of a statement as the key of what was prepared for it.

/// Hashed by its length alone: to hash all of the text would take longer than many a statement
/// does, and to compare the few of one length takes next to nothing.
struct StatementText: Hashable {
  let sql: String

  init(_ sql: String) { self.sql = sql }

  func hash(into hasher: inout Hasher) { hasher.combine(sql.utf8.count) }
}
