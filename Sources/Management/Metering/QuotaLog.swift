// What a process that has the quotas to itself has written to their log and not folded yet. The
// newest row of each subject is kept here, since nobody can look it up in the log.
internal import KeyModel
internal import Storage

/// How one row is read and written in a transaction: where others share the quotas, in the table.
struct QuotaDraft: Sendable {
  let subject: QuotaSubject
  /// The row, where the log has a newer one than the table.
  let known: QuotaRow?
  /// Of the row in the log; nil: it goes to the table.
  let number: Int64?

  /// Nil where the table is asked and the account is gone.
  func read(_ tx: Transaction, day: MeterDay) throws -> QuotaRow? {
    try known ?? tx.quotas.lock(subject, day: day)
  }

  func write(_ row: QuotaRow, _ tx: Transaction) throws {
    if let number {
      try tx.quotas.log(subject, row, number: number)
    } else {
      try tx.quotas.update(subject, row)
    }
  }
}

struct QuotaLog {
  /// Numbers given out since the last fold at which the log is folded before its time: a start
  /// after a crash reads them all.
  private static let bound = 250_000

  private struct Entry {
    var row: QuotaRow
    var number: Int64
  }

  private var isUsed: Bool
  private var entries: [UInt128: Entry] = [:]
  private var next: Int64 = 1
  /// Up to where the log was folded, and is to be.
  private var folded: Int64 = 0
  private(set) var target: Int64 = 0

  /// - Parameter isUsed: false where others share the quotas.
  init(isUsed: Bool) { self.isUsed = isUsed }

  var isFolding: Bool { folded < target }

  mutating func draft(_ subject: QuotaSubject) -> QuotaDraft {
    guard isUsed else { return QuotaDraft(subject: subject, known: nil, number: nil) }
    defer { next += 1 }
    return QuotaDraft(subject: subject, known: entries[subject.id]?.row, number: next)
  }

  /// The row is durable.
  mutating func wrote(_ row: QuotaRow, _ draft: QuotaDraft) {
    guard let number = draft.number else { return }
    entries[draft.subject.id] = Entry(row: row, number: number)
    if next - folded > Self.bound { beginFolding() }
  }

  /// All that is in the log by now.
  mutating func beginFolding() {
    if !entries.isEmpty { target = next - 1 }
  }

  mutating func stopFolding() { target = folded }

  /// All was folded, and rows go to the table from now on.
  mutating func close() {
    isUsed = false
    entries = [:]
  }

  /// - Parameter mark: all up to there are in the table.
  mutating func folded(upTo mark: Int64) {
    folded = mark
    guard !isFolding else { return }
    entries = entries.filter { $0.value.number > folded }
  }
}
