// Sending an answer whose body is made while it is sent, through the right to answer that the
// engine gives out. It must not hold more than the engine lets it.
internal import HTTPServer
internal import Management

struct TicketSink: AnswerSink {
  let ticket: ResponseTicket

  func write(_ bytes: [UInt8]) async -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(Self.pieceBytes))
      while !ticket.write(piece) {
        if ticket.isGone { return false }
        await ticket.room()
        if ticket.isGone { return false }
      }
      rest = rest.dropFirst(piece.count)
    }
    return !ticket.isGone
  }

  /// Well below what the engine lets wait for one client.
  private static let pieceBytes = 64 * 1024
}

/// All of a body as one value, for whoever has no connection. Bounded.
actor CollectingSink: AnswerSink {
  private(set) var bytes: [UInt8] = []
  private static let limit = 1 << 20

  func write(_ more: [UInt8]) -> Bool {
    bytes += more
    return bytes.count < Self.limit
  }
}

/// What `ConsoleAPI` answers with.
enum ConsoleReply: Sendable {
  case whole(Response)
  /// The response's own body is empty.
  case streamed(Response, AnswerStream)
}

extension ConsoleReply {
  func send(through ticket: ResponseTicket, isHEAD: Bool) async {
    switch self {
    case .whole(let response): ticket.respond(response)
    case .streamed(let head, let stream):
      ticket.start(status: head.status, headers: head.headers)
      // A ticket that is let go of unfinished cuts the answer off.
      if isHEAD {
        ticket.finish()
      } else if await stream.write(to: TicketSink(ticket: ticket)) {
        ticket.finish()
      }
    }
  }

  func collected() async -> Response {
    switch self {
    case .whole(let response): return response
    case .streamed(var head, let stream):
      let sink = CollectingSink()
      _ = await stream.write(to: sink)
      head.body = await sink.bytes
      return head
    }
  }
}
