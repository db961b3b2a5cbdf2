// What is too old goes: whole days at once, and from days that other projects still keep, a few
// blocks in each step. Records are hidden by their age before they are removed.
internal import KeyModel

/// Where the removal of some projects' records from one day stands.
struct Sweep {
  /// Blocks looked at in one step.
  static let stepBlocks: Int64 = 64
  let day: Int64
  let projects: Set<UInt128>
  var runs: [StoredRun]
  var after = RecordPosition(owner: 0, id: 0)

  static func mark(_ project: UInt128) -> String { "swept \(ProjectID(bits: project))" }
}

extension RecordKeeper {
  func expire(before day: Int64, shorter: [ProjectID: Int64]) throws(StoreError) -> Bool {
    if try dropDays(before: day) { return true }
    if let sweep {
      try step(sweep)
      return true
    }
    sweep = try nextSweep(shorter)
    return sweep != nil
  }

  private func nextSweep(_ shorter: [ProjectID: Int64]) throws(StoreError) -> Sweep? {
    for day in try days.all() {
      let due = Set(shorter.filter { $0.value > day }.map(\.key.bits))
      guard !due.isEmpty, !due.isSubset(of: swept[day] ?? []) else { continue }
      let tables = try opened(day)
      let marks = try tables.marks()
      let left = due.filter { !marks.contains(Sweep.mark($0)) }
      swept[day, default: []].formUnion(due.subtracting(left))
      if left.isEmpty { continue }
      // Runs that are still to be merged are swept once they are settled.
      guard isSettled(day) else { continue }
      let runs = try tables.readable(0, .max, RecordMatcher(RecordFilter()))
      return Sweep(day: day, projects: left, runs: runs)
    }
    return nil
  }

  private func step(_ sweep: Sweep) throws(StoreError) {
    var sweep = sweep
    // An error begins the day again: what was removed stays removed.
    self.sweep = nil
    let tables = try opened(sweep.day)
    do {
      let isOver = try remove(&sweep, tables)
      if !isOver { self.sweep = sweep }
    } catch {
      // What was released in vain must not be given back.
      fail(sweep.day, error)
      throw error
    }
  }

  /// True once there is nothing more to look at.
  private func remove(_ sweep: inout Sweep, _ tables: DayTables) throws(StoreError) -> Bool {
    try tables.connection.inTransaction(.log(durable: true)) { () throws(StoreError) in
      guard let run = sweep.runs.last else {
        for project in sweep.projects { try tables.mark(Sweep.mark(project)) }
        return true
      }
      let heads = try tables.heads(run: run.number, after: sweep.after, limit: Sweep.stepBlocks)
      for head in heads { try Self.remove(sweep.projects, from: run.number, head, tables) }
      if let last = heads.last {
        sweep.after = last.first
      } else {
        sweep.runs.removeLast()
        sweep.after = RecordPosition(owner: 0, id: 0)
      }
      try tables.store.sync()
      return false
    }
  }

  private static func remove(
    _ projects: Set<UInt128>, from run: Int64, _ head: BlockHead, _ tables: DayTables
  ) throws(StoreError) {
    var kept: [UInt8] = []
    var count: Int64 = 0
    var removed = 0
    _ = try tables.store.show(run: run, part: head.part) { bytes in
      for record in PackedRecords(bytes) {
        if projects.contains(record.project) {
          removed += 1
        } else {
          kept.append(contentsOf: record.bytes)
          count += 1
        }
      }
    }
    if removed > 0 { try tables.replace(run: run, head, count: count, data: kept) }
  }
}
