// An HTTP/1.1 server of a few paths, on threads of its own: what stands behind the gateway in
// tests. Each path misbehaves in one way.
import Glibc
import Synchronization
import TestSupport

final class TinyUpstream: Sendable {
  struct Received: Sendable {
    /// Request line and fields, without the empty line.
    var head: String
    var body: [UInt8] = []
    func lines(_ name: String) -> [String] {
      head.split(separator: "\r\n").dropFirst().map(String.init).filter {
        $0.lowercased().hasPrefix(name.lowercased() + ":")
      }
    }
  }

  struct State: Sendable {
    var received: [Received] = []
    var connections = 0
    /// Body bytes that the gateway took of an answer to `/flood`.
    var flooded = 0
    /// Connections that ended before their answer did.
    var abandoned = 0
    var mayRead = false
    var drained = 0
  }

  let port: UInt16
  let state = Mutex(State())
  private let descriptor: Int32

  init() {
    let (descriptor, port) = Loopback.listen()
    self.descriptor = descriptor
    self.port = port
    Self.thread { [self] in
      while let peer = Loopback.accept(descriptor) {
        state.withLock { $0.connections += 1 }
        Self.thread { [self] in serve(RawClient(descriptor: peer)) }
      }
    }
  }

  /// Ends the accepting thread; those of connections end with their connections.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  var url: String { "http://127.0.0.1:\(port)" }
  var last: Received? { state.withLock { $0.received.last } }

  /// True as soon as `condition` holds; false after ten seconds.
  func waits(_ condition: (State) -> Bool) -> Bool {
    for _ in 0..<1000 {
      if state.withLock({ condition($0) }) { return true }
      usleep(10_000)
    }
    return false
  }

  private static func thread(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let work: @Sendable () -> Void
      init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work() }
        return nil
      }, Unmanaged.passRetained(Box(work)).toOpaque())
    pthread_detach(thread)
  }

  // MARK: Answers

  private func serve(_ peer: RawClient) {
    while let head = peer.receiveThrough("\r\n\r\n") {
      var request = Received(head: String(decoding: head.dropLast(4), as: UTF8.self))
      let parts = request.head.split(separator: " ", maxSplits: 2).map(String.init)
      guard parts.count == 3 else { return }
      let path = parts[1].split(separator: "?")[0].split(separator: "/").map(String.init)
      if path.first == "hold" { guard hold(peer) else { return } }
      if path.first != "early" {
        guard let body = body(of: request, peer) else {
          return state.withLock { $0.abandoned += 1 }
        }
        request.body = body
      }
      let received = request
      state.withLock {
        // A long run must not keep all of them.
        if $0.received.count == 10_000 { $0.received.removeFirst(5000) }
        $0.received.append(received)
      }
      guard answer(path, isHEAD: parts[0] == "HEAD", request, peer) else { return }
    }
  }

  /// Reads nothing more until the test says so.
  private func hold(_ peer: RawClient) -> Bool { waits(\.mayRead) }

  private func body(of request: Received, _ peer: RawClient) -> [UInt8]? {
    if let line = request.lines("content-length").first,
      let length = Int(line.split(separator: " ").last ?? "")
    {
      return peer.receiveExactly(length)
    }
    return request.lines("transfer-encoding").isEmpty ? [] : peer.receiveChunks()
  }

  /// False where the connection is to end.
  private func answer(
    _ path: [String], isHEAD: Bool, _ request: Received, _ peer: RawClient
  ) -> Bool {
    let number = path.count > 1 ? Int(path[1]) ?? 0 : 0
    switch path.first {
    case "size":
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\nX-Up: 1\r\n\r\n")
      return isHEAD || peer.send(Self.pattern(number))
    case "chunks":
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let pattern = Self.pattern(number)
      for start in stride(from: 0, to: number, by: 1000) {
        let piece = pattern[start..<min(number, start + 1000)]
        peer.send("\(String(piece.count, radix: 16));x=y\r\n".utf8 + Array(piece) + "\r\n".utf8)
      }
      return peer.send("0\r\nX-Trailer: t\r\n\r\n")
    case "close-delimited":
      peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
      return false
    case "status":
      return peer.send(
        "HTTP/1.1 \(number) X\r\nContent-Length: 0\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n")
    case "cut":
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
      return false
    case "garbage":
      peer.send("SSH-2.0-OpenSSH\r\n\r\n")
      return false
    case "silent":
      _ = peer.receiveSome()
      state.withLock { $0.abandoned += 1 }
      return false
    case "nothing": return false
    case "early":
      return peer.send(
        "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch")
    case "flood": return flood(number, peer)
    default:
      let text = request.head.utf8 + Array("\n--\n".utf8) + request.body
      return peer.send(
        Array("HTTP/1.1 200 OK\r\nContent-Length: \(text.count)\r\n\r\n".utf8)
          + (isHEAD ? [] : text))
    }
  }

  private func flood(_ count: Int, _ peer: RawClient) -> Bool {
    var small: Int32 = 65_536
    setsockopt(peer.descriptor, SOL_SOCKET, SO_SNDBUF, &small, 4)
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
    let block = [UInt8](repeating: 0x61, count: 65_536)
    for _ in 0..<(count / block.count) {
      guard peer.send(block) else {
        state.withLock { $0.abandoned += 1 }
        return false
      }
      state.withLock { $0.flooded += block.count }
    }
    return true
  }

  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
  }
}
