// Which subjects want calls reserved, and who waits for them. Asked only where a cell runs low, so
// a lock is good enough; nobody is called and nothing is awaited while it is held.
import KeyModel
import Synchronization

/// A subject that wants something of the store.
package struct QuotaRequest: Sendable {
  package var subject: QuotaSubject
  package var rule: QuotaRule
  /// The latest day that anybody asked for.
  package var day: MeterDay
  package var now: Timestamp
  /// False where only the state of the day is asked for.
  package var reserves: Bool
  /// Calls that wait for the answer.
  package var waiting = 0
  let cell: QuotaCell
}

package typealias QuotaTell = @Sendable () -> Void

final class QuotaDesk: Sendable {
  private struct State {
    var requests: [UInt128: QuotaRequest] = [:]
    /// What the refiller has in hand.
    var taken: Set<UInt128> = []
    var waiting: [UInt128: [QuotaTell]] = [:]
  }

  private let state = Mutex(State())
  private let wakes: AsyncStream<Void>.Continuation
  let calls: AsyncStream<Void>

  init() {
    (calls, wakes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// A request that is in hand already is not repeated: its answer makes callers look again.
  func ask(_ request: QuotaRequest) {
    let isFirst = state.withLock { state in
      let id = request.subject.id
      guard !state.taken.contains(id) else { return false }
      request.cell.isAsked = true
      guard var known = state.requests[id] else {
        state.requests[id] = request
        return state.requests.count == 1
      }
      known.day = max(known.day, request.day)
      known.now = max(known.now, request.now)
      known.rule = request.rule
      known.reserves = known.reserves || request.reserves
      state.requests[id] = known
      return false
    }
    if isFirst { wakes.yield() }
  }

  /// Changes a cell that nobody asked anything for; false where somebody did. `change` is quick.
  func whileIdle(_ id: UInt128, _ change: () -> Bool) -> Bool {
    state.withLock { state in
      guard state.requests[id] == nil, !state.taken.contains(id) else { return false }
      return change()
    }
  }

  /// Told at once where nothing is under way for the subject.
  func wait(for id: UInt128, _ tell: @escaping QuotaTell) {
    let isUnderWay = state.withLock { state in
      guard state.requests[id] != nil || state.taken.contains(id) else { return false }
      state.waiting[id, default: []].append(tell)
      return true
    }
    if !isUnderWay { tell() }
  }

  /// Subjects that are asked for or in hand.
  var underWay: Int { state.withLock { $0.requests.count + $0.taken.count } }

  func wake() { wakes.yield() }
  func close() { wakes.finish() }

  // MARK: Refiller

  /// At most `limit` requests, in the order of their subjects, so that processes that share rows
  /// lock them in one order.
  func take(limit: Int) -> [QuotaRequest] {
    let taken = state.withLock { state in
      // A subject whose calls are being given back has its turn afterwards.
      let busy = state.taken
      var some = Array(
        state.requests.values.lazy.filter { !busy.contains($0.subject.id) }.prefix(limit))
      for index in some.indices {
        let id = some[index].subject.id
        state.requests[id] = nil
        state.taken.insert(id)
        some[index].waiting = state.waiting[id]?.count ?? 0
      }
      return some
    }
    return taken.sorted { $0.subject.id < $1.subject.id }
  }

  /// Back on the list, for a later try. Wakes nobody.
  func putBack(_ requests: [QuotaRequest]) {
    state.withLock { state in
      for request in requests {
        state.taken.remove(request.subject.id)
        if state.requests[request.subject.id] == nil {
          state.requests[request.subject.id] = request
        }
      }
    }
  }

  /// Keeps a cell's requests from being taken while its calls are given back; false where one is.
  func hold(_ cell: QuotaCell) -> Bool {
    state.withLock { state in
      guard state.taken.insert(cell.id).inserted else { return false }
      cell.isAsked = true
      return true
    }
  }

  /// What was taken is answered: whoever waits looks again.
  func finish(_ cells: [QuotaCell]) {
    let (told, isAsked) = state.withLock { state in
      var told: [QuotaTell] = []
      var isAsked = false
      for cell in cells {
        state.taken.remove(cell.id)
        cell.isAsked = state.requests[cell.id] != nil
        isAsked = isAsked || cell.isAsked
        if let waiting = state.waiting.removeValue(forKey: cell.id) { told += waiting }
      }
      return (told, isAsked)
    }
    for tell in told { tell() }
    // What was asked for before they were held could not be taken until now.
    if isAsked { wakes.yield() }
  }

  /// The store is away: everybody who waits looks again, and finds that out.
  func tellEverybody() {
    let told = state.withLock { state in
      defer { state.waiting = [:] }
      return state.waiting.values.flatMap { $0 }
    }
    for tell in told { tell() }
  }
}
