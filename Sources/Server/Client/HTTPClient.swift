// A small HTTP/1.1 client for the command line: one request on one connection, to a Unix socket or
// a TCP address, with TLS or without. It trusts the server's lengths only as far as its own limit.
internal import Glibc
internal import HTTPServer

struct HTTPAnswer: Sendable {
  var status: Int
  var headers: [String: String]
  var body: [UInt8]
}

enum HTTPPlace: Hashable, Sendable, CustomStringConvertible {
  case unix(path: String)
  /// `prefix` is the path of the URL, without a slash at its end; `trust` is nil without TLS.
  case tcp(HostPort, prefix: String, trust: TLSTrust? = nil)

  /// `http://host[:port][/prefix]`, or https.
  /// - Parameter authorities: a PEM file of certificates to trust instead of the system's.
  init?(url: String, authorities: String?) {
    guard let end = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<end.lowerBound]
    guard scheme == "http" || scheme == "https" else { return nil }
    let rest = url[end.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    let port = scheme == "http" ? ":80" : ":443"
    guard let place = HostPort(String(authority)) ?? HostPort(String(authority + port)) else {
      return nil
    }
    self = .tcp(
      place, prefix: path.hasSuffix("/") ? String(path.dropLast()) : String(path),
      trust: scheme == "https" ? TLSTrust(authorities: authorities) : nil)
  }

  var description: String {
    switch self {
    case .unix(let path): path
    case .tcp(let place, _, let trust): (trust == nil ? "http://" : "https://") + "\(place)"
    }
  }
}

struct TLSTrust: Hashable, Sendable {
  /// A PEM file; nil: the system's certificates.
  var authorities: String?
}

struct HTTPClient: Sendable {
  let place: HTTPPlace
  var token: String?
  static let answerLimit = 64 << 20
  /// For the next byte; 0: as long as the connection lasts.
  var timeoutSeconds = 60

  /// For long work of a server on this machine, whose end shows.
  var patient: HTTPClient {
    var client = self
    client.timeoutSeconds = 0
    return client
  }

  /// On a thread of its own: the server that answers may be in this process.
  func send(
    _ method: String, _ target: String, body: [UInt8]? = nil
  ) async throws(ToolError) -> HTTPAnswer {
    let answer: Result<HTTPAnswer, ToolError> = await OffThread.run {
      do throws(ToolError) {
        return .success(try sendBlocking(method, target, body: body))
      } catch { return .failure(error) }
    }
    return try answer.get()
  }

  func sendBlocking(
    _ method: String, _ target: String, body: [UInt8]? = nil
  ) throws(ToolError) -> HTTPAnswer {
    let descriptor = try connect()
    defer { close(descriptor) }
    do {
      let head = Array(head(method, target, length: body?.count).utf8)
      let bytes = try exchange(head + (body ?? []), over: descriptor)
      guard let answer = HTTPAnswer(bytes) else {
        throw ToolError(.unreachable, "\(place) did not answer in HTTP")
      }
      return answer
    } catch let error as FileError {
      let text = error.code == EAGAIN ? "no answer in \(timeoutSeconds) s" : error.description
      throw ToolError(.unreachable, "lost the server: \(text)")
    } catch let error as TLSError {
      throw ToolError(.unreachable, "\(place): \(error)")
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError(.failure, "\(error)")
    }
  }

  private func exchange(_ request: [UInt8], over descriptor: Int32) throws -> [UInt8] {
    guard case .tcp(let server, _, let trust?) = place else {
      try Files.writeAll(descriptor, request, path: place.description)
      return try Files.read(descriptor, path: place.description, limit: Self.answerLimit)
    }
    let stream = try TLSStream(descriptor, host: server.host, authorities: trust.authorities)
    try stream.write(request)
    return try stream.readToEnd(limit: Self.answerLimit)
  }

  func head(
    _ method: String, _ target: String, length: Int?, more: [String: String] = [:]
  ) -> String {
    var host = "localhost"
    var prefix = ""
    if case .tcp(let place, let path, _) = place { (host, prefix) = (place.description, path) }
    var text = "\(method) \(prefix)\(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
    var fields = more
    fields["Accept"] = more["Accept"] ?? "application/json"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    text += "User-Agent: latchkey-cli\r\n"
    if let token { text += "Authorization: Bearer \(token)\r\n" }
    if let length { text += "Content-Type: application/json\r\nContent-Length: \(length)\r\n" }
    return text + "\r\n"
  }

  func connect() throws(ToolError) -> Int32 {
    switch place {
    case .unix(let path):
      guard let descriptor = Sockets.connect(unix: path) else {
        throw ToolError(
          .unreachable, "no server answers on \(FileError(path: path, code: errno))")
      }
      return Sockets.withTimeout(descriptor, seconds: timeoutSeconds)
    case .tcp(let place, _, _):
      guard let descriptor = Sockets.connect(place) else {
        throw ToolError(
          .unreachable, "no server answers on \(place): \(Sockets.refusal(of: place))")
      }
      return Sockets.withTimeout(descriptor, seconds: timeoutSeconds)
    }
  }
}

extension HTTPAnswer {
  /// A whole answer, read to the end of its connection.
  init?(_ bytes: [UInt8]) {
    guard let (answer, length) = Self.head(of: bytes),
      let body = Self.body(bytes[length...], answer.headers)
    else { return nil }
    self = answer
    self.body = body
  }

  /// The answer without its body, and the bytes of its head; nil where the head is not complete.
  static func head(of bytes: [UInt8]) -> (answer: HTTPAnswer, length: Int)? {
    guard let end = endOfHead(bytes) else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return nil
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers[line[..<colon].lowercased()] = String(value)
    }
    return (HTTPAnswer(status: status, headers: headers, body: []), end + 4)
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first {
      bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
    }
  }

  private static func body(_ rest: ArraySlice<UInt8>, _ headers: [String: String]) -> [UInt8]? {
    if headers["transfer-encoding"]?.lowercased() == "chunked" { return unchunked(rest) }
    guard let text = headers["content-length"] else { return Array(rest) }
    guard let length = Int(text), length >= 0, rest.count >= length else { return nil }
    return Array(rest.prefix(length))
  }

  private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = bytes
    var body: [UInt8] = []
    while let newline = rest.firstIndex(of: 10) {
      let line = rest[..<newline].prefix { $0 != 13 && $0 != UInt8(ascii: ";") }
      guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16), size >= 0 else {
        return nil
      }
      rest = rest[(newline + 1)...]
      if size == 0 { return body }
      guard rest.count >= size + 2 else { return nil }
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return nil
  }
}
