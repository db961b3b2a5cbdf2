// Watches the ends of keys from outside: no call passes after one, nobody moves one but its owner,
// and each is told of in time and once. It decides nothing.
import KeyModel

struct ExpiryAuditor {
  private struct Book {
    var end: Timestamp?
    /// When it was set.
    var since: Int64 = 0
    /// After a restore: no later than this.
    var bound: Timestamp?
  }

  private(set) var violation: Violation?
  private var books: [Book] = []
  /// Clocks of servers are wrong by so much.
  private static let slack: Int64 = 31_000_000
  /// Between two sweeps, of servers that crash as well.
  private static let patience: Int64 = 4 * 3_600_000_000

  private mutating func fail(_ rule: String, _ detail: @autoclosure () -> String, _ now: Int64) {
    if violation == nil { violation = Violation(rule: rule, detail: detail(), at: now) }
  }

  mutating func set(_ tenant: Int, _ end: Timestamp?, now: Int64) {
    while books.count <= tenant { books.append(Book()) }
    books[tenant] = Book(end: end, since: now)
  }

  // MARK: Restores

  mutating func restored(_ tenant: Int, _ end: Timestamp?, _ last: Timestamp?, now: Int64) {
    books[tenant] = Book(end: end, since: now, bound: last)
  }

  mutating func narrowed(_ tenant: Int, _ end: Timestamp?) { books[tenant].end = end }

  mutating func held(_ tenant: Int, _ end: Timestamp?, now: Int64) {
    guard let bound = books[tenant].bound else { return }
    if end.map({ $0 > bound }) ?? true { fail("R3", "a key got back a later end", now) }
  }

  /// Whether the server has to know the end by which the key is judged now.
  private func knows(_ node: Node, _ book: Book, _ now: Int64) -> Bool {
    if let deaf = node.deafSince { return book.since + Auditor.spread < deaf }
    return now - book.since > Auditor.spread && now - node.hearsSince > Auditor.spread
  }

  mutating func decided(_ tenant: Int, _ node: Node, accepted: Bool, now: Int64) {
    let book = books[tenant]
    guard accepted, let end = book.end, knows(node, book, now) else { return }
    if node.wall(now) >= end { fail("E1", "a call passed after the key's end", now) }
  }

  /// A refusal that an end explains, or one that was just moved.
  func excuses(_ tenant: Int, _ node: Node, now: Int64) -> Bool {
    let book = books[tenant]
    if now - book.since <= Auditor.spread { return true }
    return book.end.map { $0 <= node.wall(now) } ?? false
  }

  /// Gives how many ends were told of.
  mutating func row(_ tenant: Int, from old: Tenant, to new: Tenant, now: Int64) -> Int {
    if new.key.expiresAt != books[tenant].end { fail("E2", "an end was moved by nobody", now) }
    let fresh = new.notices.dropFirst(old.notices.count)
    for notice in fresh {
      if old.notices.contains(notice) { fail("E3", "an end was told of twice", now) }
      let due = notice.end.microseconds - notice.days * World.day
      if now < due - Self.slack { fail("E3", "an end was told of too early", now) }
      if now > notice.end.microseconds + Self.slack { fail("E3", "an end was told of late", now) }
    }
    return fresh.count
  }

  /// After a while without faults, which began at `peace`.
  mutating func settled(_ tenant: Int, _ row: Tenant, peace: Int64, now: Int64) {
    guard row.key.state == .active, let end = books[tenant].end else { return }
    for days in World.noticeDays {
      let due = end.microseconds - days * World.day
      guard due > max(peace, books[tenant].since) + Self.patience, due < now - Self.patience,
        !row.notices.contains(EndNotice(days: days, end: end))
      else { continue }
      fail("L6", "an end was not told of \(days) days before", now)
    }
  }
}
