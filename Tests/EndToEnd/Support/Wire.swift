// A keep-alive connection over a bare socket, for the tests that send thousands of requests or
// must know exactly whether an answer was read before the server died.
import Foundation

final class Wire {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  init(port: Int, seconds: Int = 20) throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_INET, type, 0)
    var wait = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var address = Self.loopback(port: port)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure("connect to \(port): errno \(errno)") }
  }

  deinit { close(descriptor) }

  func request(
    _ method: String, _ target: String, token: String?, _ body: Any? = nil,
    headers: [String] = []
  ) throws -> Answer {
    let payload = body.map { Array(JSON.text($0).utf8) } ?? []
    var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    for header in headers { head += header + "\r\n" }
    if body != nil {
      head += "Content-Type: application/json\r\nContent-Length: \(payload.count)\r\n"
    }
    try send(Array((head + "\r\n").utf8) + payload)
    return try receive()
  }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure("send: errno \(errno)") }
      sent += count
    }
  }

  /// One answer with a Content-Length, or without a body.
  func receive() throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while headEnd == nil {
      headEnd = buffer.indices.first { buffer[$0...].starts(with: end) }
      if headEnd == nil { try fill() }
    }
    let head = String(decoding: buffer[..<headEnd!], as: UTF8.self)
    let lines = head.components(separatedBy: "\r\n")
    let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
    guard let status else { throw Failure("no status line: \(head)") }
    let headers = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
      return (name: String(parts.first ?? ""), value: value)
    }
    var answer = Answer(status: status, headers: headers, body: Data())
    let length = status == 204 ? 0 : Int(answer.header("Content-Length") ?? "0") ?? 0
    let bodyStart = headEnd! + end.count
    while buffer.count < bodyStart + length { try fill() }
    answer.body = Data(buffer[bodyStart..<(bodyStart + length)])
    buffer.removeFirst(bodyStart + length)
    return answer
  }

  private func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    var count = recv(descriptor, &chunk, chunk.count, 0)
    // A process that was stopped and goes on.
    while count < 0, errno == EINTR { count = recv(descriptor, &chunk, chunk.count, 0) }
    guard count > 0 else { throw Failure("the connection ended: \(count), errno \(errno)") }
    buffer += chunk[..<count]
  }
}
