// New records as server-sent events, beginning after the last one that the listener has had.
package import KeyModel
internal import Storage

extension UseCases {
  /// - Parameter last: the id of the newest event that the listener had before it was cut off.
  package func followRequests(
    of id: AccountID, _ filter: RecordFilter, after last: RequestID?, by principal: Principal
  ) async throws(Problem) -> Answer {
    _ = try await read(.streamRequests, by: principal) { try $0.account(id).id }
    // From here on nothing is missed: what is stored meanwhile may come twice, and is left out.
    guard let tail = requests.listen(.account(id), filter) else {
      var problem = Problem(.tooManyStreams, "Too many listen already. Close a stream first.")
      // A stream that was closed is noticed by its next quiet line.
      problem.retryAfter = 15
      throw problem
    }
    var answer = Answer(200)
    answer.stream = AnswerStream("text/event-stream") { [self] sink in
      let follower = RequestFollower(
        management: self, account: id, filter: filter, principal: principal, sink: sink)
      await follower.run(tail, after: last)
      tail.end()
      return true
    }
    return answer
  }

  /// Whether whoever opened a stream may still have it: keys are revoked, members leave.
  fileprivate func mayStillFollow(_ principal: Principal, _ id: AccountID) async -> Bool {
    do {
      return try await read(.streamRequests, by: principal) { view in
        _ = try view.account(id)
        switch principal {
        case .local, .server, .key, .version, .scanner: return true
        case .operatorKey(let key, _, _):
          return try view.tx.operatorKeys.find(key).map { $0.revokedAt == nil } ?? false
        case .member(let member, _, _): return try view.tx.members.find(member) != nil
        }
      }
    } catch {
      // A store that is away for a moment ends nothing.
      return error.code.status >= 500
    }
  }
}

private struct RequestFollower {
  let management: UseCases
  let account: AccountID
  let filter: RecordFilter
  let principal: Principal
  let sink: any AnswerSink

  /// Records that a listener can be behind by: more, and it is told to ask for pages.
  private static let catchUpLimit = 1_000
  /// Calls of at most this length are not missed where they began before the last event's.
  private static let longCallSeconds: Int64 = 60

  func run(_ tail: RequestTail, after last: RequestID?) async {
    guard await sink.write(Array(": new calls follow\nretry: 2000\n\n".utf8)) else { return }
    var known: Set<RequestID> = []
    if let last {
      guard let shown = await catchUp(after: last) else { return }
      known = shown
    }
    for await event in tail.events {
      guard await write(event, known) else { return }
    }
  }

  private func write(_ event: RequestTail.Event, _ known: Set<RequestID>) async -> Bool {
    switch event {
    case .record(let record): return known.contains(record.id) ? true : await write(record)
    case .lost(let count):
      return await sink.write(Self.notice("lost", ["lost": .integer(Int64(count))]))
    case .quiet:
      guard await management.mayStillFollow(principal, account) else { return false }
      return await sink.write(Array(": quiet\n\n".utf8))
    }
  }

  private func write(_ record: RequestRecord) async -> Bool {
    let data = JSONWriter.compactText(.object(management.represent(record)))
    return await sink.write(Array("id: \(record.id)\nevent: request\ndata: \(data)\n\n".utf8))
  }

  private static func notice(_ name: String, _ data: JSONValue) -> [UInt8] {
    Array("event: \(name)\ndata: \(JSONWriter.compactText(data))\n\n".utf8)
  }

  /// What was stored after the event with this id, oldest first; gives the ids. Nil where nobody
  /// listens any more.
  private func catchUp(after last: RequestID) async -> Set<RequestID>? {
    var shown: Set<RequestID> = []
    guard let missed = await missed(since: last) else {
      return await sink.write(Self.notice("lost", ["lost": .null])) ? shown : nil
    }
    for record in missed {
      guard await write(record) else { return nil }
      shown.insert(record.id)
    }
    return shown
  }

  /// Nil where that is more than can be sent, or cannot be read.
  private func missed(since last: RequestID) async -> [RequestRecord]? {
    let began = Timestamp(microseconds: Int64(truncatingIfNeeded: last.bits >> 80) * 1000)
    var filter = filter
    let from = began.adding(seconds: -Self.longCallSeconds)
    filter.from = filter.from.map { max($0, from) } ?? from
    var query = RecordQuery(owner: .account(account), filter: filter, limit: Self.catchUpLimit)
    var found: [RequestRecord] = []
    do {
      var page = try await management.requests.page(query)
      found = page.records
      while found.count < Self.catchUpLimit, let next = page.next {
        query.before = next
        page = try await management.requests.nextPage(query)
        found += page.records
      }
      if page.next != nil { return nil }
    } catch {
      return nil
    }
    // Events come as calls end, ids say when they began.
    if let known = found.first(where: { $0.id == last }) {
      found.removeAll { !RequestRecord.endedBefore(known, $0) }
    } else {
      found.removeAll { $0.ended <= began && $0.id <= last }
    }
    return found.sorted(by: RequestRecord.endedBefore)
  }
}
