// The stored request log: what the rest of the house sees of it. Appending, merging and expiry are
// one thread's; pages are read beside them by any thread. It has no clock and starts no thread.
package import KeyModel
import Synchronization

package enum RecordLocation: Sendable, Hashable {
  /// A folder that belongs to this process: a SQLite file and a file of records a day.
  case folder(path: String)
  /// Tables in the database: several processes may append.
  case postgres(url: String)

  func days(_ role: SQLiteConnection.Role, _ turns: ReadTurns) -> any RecordDays {
    switch self {
    case .folder(let path): FileDays(folder: path, role: role, turns: turns)
    case .postgres(let url):
      TableDays(role: role) { () throws(StoreError) in try PostgresConnection(url: url) }
    }
  }
}

/// Figures for metrics.
package struct RecordCounts: Sendable, Hashable {
  /// Since the log was opened.
  package var stored: Int64 = 0
  /// Records that could not be stored, since the log was opened.
  package var dropped: Int64 = 0
  /// Sorted pieces that wait to be merged: some dozens at most, unless merging does not keep up.
  package var waitingRuns = 0
  /// Why storing last failed; nil once it works again.
  package var failure: StoreError?
}

package final class RecordLog: Sendable {
  private let location: RecordLocation
  private let turns = ReadTurns()
  private let keeper: Mutex<Handover<RecordKeeper>>
  /// As the keeper left them: whoever asks does not wait for a database that does not answer.
  private let figures = Mutex(RecordCounts())
  /// Readers that nobody uses at the moment.
  private let idle = Mutex<[Handover<RecordReader>]>([])
  private static let idleLimit = 4

  /// Blocking. Throws where the database cannot be reached or the folder cannot be read.
  /// - Parameter writer: any random number: several processes tell their runs apart by it.
  package init(_ location: RecordLocation, writer: Int64) throws(StoreError) {
    self.location = location
    let days = location.days(.writer, turns)
    _ = try days.all()
    keeper = Mutex(Handover(RecordKeeper(days, writer: writer & .max)))
  }

  /// Stores packed records that follow each other, in one transaction a day, and gives how many.
  /// The others are dropped and counted: it never waits for room, and the next batch tries again.
  /// Blocking; readers see the records when it returns. A killed process loses none of them; a
  /// machine that loses power may lose what was appended since the last `durable` batch.
  package func append(_ batch: UnsafeRawBufferPointer, durable: Bool) -> Int {
    keeper.withLock { keeper in
      defer { figures.withLock { $0 = keeper.value.counts } }
      return keeper.value.append(batch, durable: durable)
    }
  }

  /// One step of merging, some milliseconds; false where there is nothing to do for now. To be
  /// called between batches, by the thread that appends.
  package func merge(now: Timestamp) throws(StoreError) -> Bool {
    try keeper.withLock { (keeper) throws(StoreError) in
      defer { figures.withLock { $0 = keeper.value.counts } }
      return try keeper.value.merge(now: now)
    }
  }

  /// Drops the days before `day`, then removes what is older than `shorter` allows, in small steps;
  /// false once nothing is left to do. Later records of those days are refused.
  package func expire(before day: Int64, shorter: [ProjectID: Int64]) throws(StoreError) -> Bool {
    let goesOn = try keeper.withLock { (keeper) throws(StoreError) in
      try keeper.value.expire(before: day, shorter: shorter)
    }
    // Readers would hold the disk of dropped files.
    let readers = idle.withLock { idle in
      defer { idle.removeAll() }
      return idle
    }
    for reader in readers {
      try reader.value.forgetDropped()
      giveBack(reader)
    }
    return goesOn
  }

  /// Newest first; see `RecordPage` for pages that end early. Looks at about 32 MB at most.
  package func page(_ query: RecordQuery) throws(StoreError) -> RecordPage {
    let reader =
      idle.withLock { $0.popLast() } ?? Handover(RecordReader(location.days(.reader, turns)))
    do {
      let page = try turns.read { () throws(StoreError) in try reader.value.page(query) }
      giveBack(reader)
      return page
    } catch {
      reader.value.close()
      throw error
    }
  }

  private func giveBack(_ reader: Handover<RecordReader>) {
    let isKept = idle.withLock { idle in
      guard idle.count < Self.idleLimit else { return false }
      idle.append(reader)
      return true
    }
    if !isKept { reader.value.close() }
  }

  /// All records that fit, newest first, until `body` gives false; for exports. Each page is a
  /// short snapshot of its own, so that an export of hours holds nobody back.
  package func forEach(
    _ query: RecordQuery, _ body: (RequestRecord) throws -> Bool
  ) throws {
    var query = query
    query.limit = 1_000
    while true {
      let page = try page(query)
      for record in page.records where try !body(record) { return }
      guard let next = page.next else { return }
      query.before = next
    }
  }

  package var counts: RecordCounts { figures.withLock { $0 } }

  /// Bytes that the records take on disk.
  package func diskBytes() throws(StoreError) -> Int64 {
    let days = location.days(.reader, turns)
    defer { days.closeAll() }
    return try days.bytes()
  }

  /// Blocking; nothing may be called afterwards.
  package func close() {
    for reader in idle.withLock({ $0 }) { reader.value.close() }
    keeper.withLock { $0.value.close() }
  }
}
