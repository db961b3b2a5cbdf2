// A server that plays a script: for each connection, in order, a function over a blocking socket.

import Glibc
import Synchronization
import TestSupport

final class ScriptedUpstream: Sendable {
  let port: UInt16
  private let listener: Int32
  private let accepted = Atomic(0)

  var connections: Int { accepted.load(ordering: .relaxed) }

  init(_ script: @escaping @Sendable (Int, UpstreamPeer) -> Void) {
    (listener, port) = Loopback.listen()
    let context = Unmanaged.passRetained(Script(self, script)).toOpaque()
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Script>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context)
    pthread_detach(thread)
  }

  func close() { shutdown(listener, Int32(SHUT_RDWR)) }

  private final class Script: Sendable {
    let upstream: ScriptedUpstream
    let script: @Sendable (Int, UpstreamPeer) -> Void

    init(_ upstream: ScriptedUpstream, _ script: @escaping @Sendable (Int, UpstreamPeer) -> Void) {
      self.upstream = upstream
      self.script = script
    }

    func run() {
      var number = 0
      while let descriptor = Loopback.accept(upstream.listener) {
        upstream.accepted.add(1, ordering: .relaxed)
        let peer = UpstreamPeer(descriptor)
        script(number, peer)
        peer.close()
        number += 1
      }
    }
  }
}

final class UpstreamPeer {
  private let descriptor: Int32
  private var buffered: [UInt8] = []

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }

  func close() { Glibc.close(descriptor) }

  /// The next head, or nil at the end.
  func receiveHead() -> String? {
    var all: [UInt8] = buffered
    buffered = []
    while true {
      for start in 0..<max(all.count - 3, 0)
      where all[start] == 13 && all[start..<(start + 4)].elementsEqual([13, 10, 13, 10]) {
        buffered = Array(all[(start + 4)...])
        return String(decoding: all[..<(start + 4)], as: UTF8.self)
      }
      guard let piece = receive() else { return nil }
      all += piece
    }
  }

  func receiveBody(_ count: Int) -> Int {
    var total = buffered.count
    buffered = []
    while total < count, let piece = receive() { total += piece.count }
    return total
  }

  private func receive() -> [UInt8]? {
    var room = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &room, room.count, 0)
    return count > 0 ? Array(room[..<count]) : nil
  }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
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
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }
}
