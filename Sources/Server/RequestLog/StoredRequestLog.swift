// Joins the use cases to the stored log and the thread that fills it. Reading blocks, so it has
// threads of its own.
internal import HTTPServer
internal import KeyModel
internal import Management
internal import Storage

struct StoredRequestLog: RequestLog {
  let writer: RecordWriter

  func page(_ query: RecordQuery) async throws -> RecordPage {
    await writer.flush()
    return try await nextPage(query)
  }

  func nextPage(_ query: RecordQuery) async throws -> RecordPage {
    let (log, times) = (writer.log, writer.times)
    let page = await OffThread.run {
      times.reading { Result { () throws(StoreError) in try log.page(query) } }
    }
    return try page.get()
  }

  var dropped: Int64 { writer.dropped }

  func listen(_ owner: RecordOwner, _ filter: RecordFilter) -> RequestTail? {
    writer.tail.listen(owner, filter)
  }

  func address(_ high: UInt64, _ low: UInt64) -> String {
    high == 0 && low == 0 ? "" : IPAddress(high: high, low: low).text
  }
}
