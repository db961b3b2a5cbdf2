// A blocking socket that sends and receives exact bytes, with a time limit on every wait. It judges
// nothing: tests do.

import Glibc

package final class RawClient {
  package let descriptor: Int32
  private var buffered: [UInt8] = []

  package init(port: UInt16, receiveBuffer: Int32? = nil) {
    descriptor = socket(AF_INET, Loopback.kind, 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
    }
    var address = Loopback.address(port: port)
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    wait(milliseconds: 10_000)
    sendAtOnce()
  }

  package init(unixPath: String) {
    descriptor = socket(AF_UNIX, Loopback.kind, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: unixPath.utf8) }
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    wait(milliseconds: 10_000)
  }

  /// The other end of an accepted connection.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    wait(milliseconds: 10_000)
    sendAtOnce()
  }

  deinit { close(descriptor) }

  private func sendAtOnce() {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }

  package func wait(milliseconds: Int) {
    var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// False where the peer is gone or takes nothing in time.
  @discardableResult
  package func send(_ bytes: some Collection<UInt8>) -> Bool {
    let bytes = Array(bytes)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  package func send(_ text: String) -> Bool { send(text.utf8) }

  /// The server sees a reset instead of an orderly end.
  package func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Nil on timeout or reset, empty at the end.
  package func receiveSome(_ limit: Int = 65_536) -> [UInt8]? {
    if !buffered.isEmpty {
      defer { buffered = [] }
      return buffered
    }
    var room = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &room, limit, 0)
    return count < 0 ? nil : Array(room[..<count])
  }

  package func receiveExactly(_ count: Int) -> [UInt8]? {
    var all = buffered
    buffered = []
    while all.count < count {
      guard let piece = receiveSome(), !piece.isEmpty else { return nil }
      all += piece
    }
    buffered = Array(all[count...])
    return Array(all[..<count])
  }

  package func receiveThrough(_ mark: String) -> [UInt8]? {
    let mark = Array(mark.utf8)
    var all: [UInt8] = []
    while true {
      if let end = find(mark, in: all) {
        buffered = Array(all[end...])
        return Array(all[..<end])
      }
      guard let piece = receiveSome(), !piece.isEmpty else { return nil }
      all += piece
    }
  }

  /// Everything up to the peer's end; nil where the end was a reset or did not come in time.
  package func receiveToEnd() -> [UInt8]? {
    var all: [UInt8] = []
    while true {
      guard let piece = receiveSome() else { return nil }
      if piece.isEmpty { return all }
      all += piece
    }
  }

  /// One answer: head fields in lower case, body with its framing taken off.
  package func receiveAnswer(toHEAD: Bool = false) -> Answer? {
    guard let head = receiveThrough("\r\n\r\n") else { return nil }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let first = lines.first, let status = Int(first.split(separator: " ")[1]) else {
      return nil
    }
    var answer = Answer(status: status)
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      answer.headers[parts[0].lowercased(), default: []].append(String(value))
    }
    if toHEAD || status == 204 || status == 304 || status < 200 { return answer }
    if let length = answer["content-length"].flatMap({ Int($0) }) {
      guard let body = receiveExactly(length) else { return nil }
      answer.body = body
    } else if answer["transfer-encoding"] == "chunked" {
      guard let body = receiveChunks() else { return nil }
      answer.body = body
    } else {
      guard let body = receiveToEnd() else { return nil }
      answer.body = body
    }
    return answer
  }

  package func receiveChunks() -> [UInt8]? {
    var body: [UInt8] = []
    while true {
      guard let line = receiveThrough("\r\n"),
        let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16),
        let chunk = receiveExactly(size), receiveExactly(2) == [13, 10]
      else { return nil }
      if size == 0 { return body }
      body += chunk
    }
  }

  private func find(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    for start in 0...(bytes.count - mark.count)
    where bytes[start] == mark[0] && bytes[start..<(start + mark.count)].elementsEqual(mark) {
      return start + mark.count
    }
    return nil
  }
}

package struct Answer {
  package var status: Int
  /// Names in lower case.
  package var headers: [String: [String]] = [:]
  package var body: [UInt8] = []

  package subscript(name: String) -> String? { headers[name]?.first }
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Sends everything on a socket that another thread reads.
package func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) {
  var sent = 0
  while sent < bytes.count {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
    }
    if count <= 0 { return }
    sent += count
  }
}
