// Answers that are shown while they come: exports and followed logs. Blocking, on a thread of its
// own; it holds one piece at a time.
internal import Glibc
internal import HTTPServer

extension HTTPClient {
  /// Gives the body piece by piece until it ends or `body` says false. What is no success comes as
  /// a whole answer instead. Throws `unreachable` where the answer is cut off.
  func stream(
    _ target: String, headers: [String: String],
    _ body: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(ToolError) -> HTTPAnswer? {
    let result: Result<HTTPAnswer?, ToolError> = await OffThread.run {
      do throws(ToolError) {
        return .success(try streamBlocking(target, headers, body))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func streamBlocking(
    _ target: String, _ headers: [String: String], _ body: ([UInt8]) -> Bool
  ) throws(ToolError) -> HTTPAnswer? {
    let descriptor = try connect()
    defer { close(descriptor) }
    let head = Array(head("GET", target, length: nil, more: headers).utf8)
    var tls: TLSStream?
    do {
      if case .tcp(let server, _, let trust?) = place {
        tls = try TLSStream(descriptor, host: server.host, authorities: trust.authorities)
        try tls?.write(head)
      } else {
        try Files.writeAll(descriptor, head, path: place.description)
      }
    } catch {
      throw ToolError(.unreachable, "lost the server: \(error)")
    }
    var reader = StreamReader(descriptor: descriptor, tls: tls, place: place)
    let answer = try reader.readHead()
    guard (200..<300).contains(answer.status) else {
      var whole = answer
      while let piece = try reader.next() { whole.body += piece }
      return whole
    }
    while let piece = try reader.next() {
      guard body(piece) else { return nil }
    }
    return nil
  }
}

/// Takes an answer apart as it arrives.
private struct StreamReader {
  let descriptor: Int32
  let tls: TLSStream?
  let place: HTTPPlace
  private var buffer: [UInt8] = []
  private var isChunked = false
  private var left = Int.max
  private var isOver = false

  init(descriptor: Int32, tls: TLSStream?, place: HTTPPlace) {
    self.descriptor = descriptor
    self.tls = tls
    self.place = place
  }

  mutating func readHead() throws(ToolError) -> HTTPAnswer {
    while true {
      if let (answer, length) = HTTPAnswer.head(of: buffer) {
        buffer.removeFirst(length)
        isChunked = answer.headers["transfer-encoding"]?.lowercased() == "chunked"
        left = answer.headers["content-length"].flatMap { Int($0) } ?? .max
        return answer
      }
      guard try fill() else {
        throw ToolError(.unreachable, "\(place) did not answer in HTTP")
      }
    }
  }

  /// Nil at the end of the body.
  mutating func next() throws(ToolError) -> [UInt8]? {
    if isOver { return nil }
    if isChunked { return try nextChunk() }
    if left == 0 { return nil }
    while buffer.isEmpty {
      guard try fill() else {
        if left == .max { return nil }
        throw cutOff()
      }
    }
    let piece = Array(buffer.prefix(left))
    buffer.removeFirst(piece.count)
    if left != .max { left -= piece.count }
    return piece
  }

  private mutating func nextChunk() throws(ToolError) -> [UInt8]? {
    while true {
      if let newline = buffer.firstIndex(of: 10) {
        let digits = buffer[..<newline].prefix { $0 != 13 && $0 != UInt8(ascii: ";") }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
        else { throw ToolError(.unreachable, "\(place) did not answer in HTTP") }
        let start = newline + 1
        if size == 0 {
          isOver = true
          return nil
        }
        if buffer.count >= start + size + 2 {
          let piece = Array(buffer[start..<(start + size)])
          buffer.removeFirst(start + size + 2)
          return piece
        }
      }
      guard try fill() else { throw cutOff() }
    }
  }

  private func cutOff() -> ToolError {
    ToolError(.unreachable, "lost the server before the end of its answer")
  }

  /// False at the end of the connection.
  private mutating func fill() throws(ToolError) -> Bool {
    if let tls {
      do throws(TLSError) {
        let some = try tls.readSome()
        buffer += some
        return !some.isEmpty
      } catch {
        throw ToolError(.unreachable, "lost the server: \(error)")
      }
    }
    var room = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = recv(descriptor, &room, room.count, 0)
      if count > 0 {
        buffer += room.prefix(count)
        return true
      }
      if count == 0 { return false }
      if errno == EINTR { continue }
      throw ToolError(
        .unreachable, "lost the server: \(FileError(path: place.description, code: errno))")
    }
  }
}
