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
  private var client: RawClient?

  init(_ descriptor: Int32) { client = RawClient(descriptor: descriptor) }

  func close() { client = nil }

  /// The next head, or nil at the end.
  func receiveHead() -> String? {
    client?.receiveThrough("\r\n\r\n").map { String(decoding: $0, as: UTF8.self) }
  }

  /// How many bytes came, at least `count` unless the end came first.
  func receiveBody(_ count: Int) -> Int {
    var total = 0
    while total < count, let piece = client?.receiveSome(), !piece.isEmpty { total += piece.count }
    return total
  }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { client?.send(bytes) ?? false }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }
}
