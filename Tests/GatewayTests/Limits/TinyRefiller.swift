// Answers what quota cells ask for, from rows in memory: what the control plane does from a store.
import Foundation
import KeyModel
import Synchronization
import Verification

final class TinyRefiller: Sendable {
  let cells = QuotaCells()
  private let rows = Mutex<[UInt128: QuotaRow]>([:])
  private let isOpen = Atomic<Bool>(true)
  private let isStopped = Atomic<Bool>(false)

  init() {
    Thread.detachNewThread { [self] in
      while !isStopped.load(ordering: .acquiring) {
        if isOpen.load(ordering: .acquiring) { serve() }
        usleep(1000)
      }
    }
  }

  func stop() { isStopped.store(true, ordering: .releasing) }

  /// Leaves whoever asks without an answer.
  func close() { isOpen.store(false, ordering: .releasing) }
  func open() { isOpen.store(true, ordering: .releasing) }

  /// What is reserved of anybody's day.
  var reserved: Int64 { rows.withLock { $0.values.reduce(0) { $0 + $1.reserved } } }

  private func serve() {
    let requests = cells.takeRequests(limit: 100)
    for request in requests {
      let held = cells.held(request)
      let answer = rows.withLock { rows in
        var row = rows[request.subject.id] ?? QuotaRow(day: request.day)
        row.turn(to: request.day)
        row.settle(debt: held.debt)
        let wanted = request.reserves ? max(1, Int64(request.waiting)) : 0
        let granted = row.reserve(wanted, limit: request.rule.limit)
        rows[request.subject.id] = row
        return QuotaCells.Answer(
          day: row.day, granted: granted, reserved: row.reserved, settledDebt: held.debt)
      }
      cells.answer(request, answer, low: 0)
    }
    cells.finish(requests)
  }
}
