// The request log as the use cases see it: pages of what is stored, and new records as they come.
// Where the records come from and how they are kept is joined in `Server`.
package import KeyModel

package protocol RequestLog: Sendable {
  /// Holds every call that ended before this was called.
  func page(_ query: RecordQuery) async throws -> RecordPage
  /// The same without looking for calls that ended just now: for the pages after the first.
  func nextPage(_ query: RecordQuery) async throws -> RecordPage
  /// Calls that were not put on record since the server started, because there was no room.
  var dropped: Int64 { get }
  /// New records of this server from now on; nil where too many listen already.
  func listen(_ owner: RecordOwner, _ filter: RecordFilter) -> RequestTail?
  /// The text of an address, from its high and low eight bytes.
  func address(_ high: UInt64, _ low: UInt64) -> String
}

/// New records, for one listener. Bounded: who takes them too slowly loses some and is told.
package struct RequestTail: Sendable {
  package enum Event: Sendable {
    case record(RequestRecord)
    /// So many records were lost before the next.
    case lost(Int)
    /// Nothing happened for a while.
    case quiet
  }
  package var events: AsyncStream<Event>
  /// To be called when nobody listens any more.
  package var end: @Sendable () -> Void

  package init(events: AsyncStream<Event>, end: @escaping @Sendable () -> Void) {
    self.events = events
    self.end = end
  }
}

/// Of a control plane without calls.
package struct NoRequestLog: RequestLog {
  package init() {}
  package func page(_ query: RecordQuery) -> RecordPage { RecordPage(records: [], next: nil) }
  package func nextPage(_ query: RecordQuery) -> RecordPage { page(query) }
  package var dropped: Int64 { 0 }
  package func listen(_ owner: RecordOwner, _ filter: RecordFilter) -> RequestTail? {
    RequestTail(events: AsyncStream { $0.finish() }, end: {})
  }
  package func address(_ high: UInt64, _ low: UInt64) -> String { "" }
}
