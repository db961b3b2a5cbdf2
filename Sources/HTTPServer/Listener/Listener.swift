// One listening socket on one worker: accepts while there is room for connections. Must not read
// from what it accepts.

import CEvent
import Glibc

final class Listener {
  /// So that a flood of connections cannot keep calls in flight waiting.
  private static let acceptsPerTurn = 64

  let handler: any RequestHandler
  private unowned(unsafe) let worker: Worker
  private let tls: TLSServerContext?
  private let unixPath: String?
  private var descriptor: Int32
  private let handle = UnsafeMutablePointer<event>.allocate(capacity: 1)
  private var isPaused = false

  init(
    worker: Worker, descriptor: Int32, unixPath: String?, tls: TLSServerContext?,
    handler: any RequestHandler
  ) {
    self.worker = worker
    self.descriptor = descriptor
    self.unixPath = unixPath
    self.tls = tls
    self.handler = handler
    event_assign(
      handle, worker.base, descriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, context in
        guard let context else { return }
        Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().acceptSome()
      }, Unmanaged.passUnretained(self).toOpaque())
    event_add(handle, nil)
  }

  deinit {
    close()
    handle.deallocate()
  }

  func close() {
    guard descriptor >= 0 else { return }
    event_del(handle)
    Glibc.close(descriptor)
    if let unixPath { unlink(unixPath) }
    descriptor = -1
  }

  /// Takes what the kernel has accepted already, which would be reset otherwise, then closes.
  func drain() {
    while descriptor >= 0, acceptOne() {}
    close()
  }

  func resumeIfPossible() {
    guard isPaused, descriptor >= 0,
      worker.connectionCount < worker.limits.connectionsPerWorker
    else { return }
    isPaused = false
    event_add(handle, nil)
  }

  private func acceptSome() {
    for _ in 0..<Self.acceptsPerTurn where !acceptOne() { break }
    worker.endCallback()
  }

  /// False where there is nothing more to accept now.
  private func acceptOne() -> Bool {
    guard worker.connectionCount < worker.limits.connectionsPerWorker else {
      pause()
      return false
    }
    var peer = sockaddr_storage()
    let accepted = latchkey_accept(descriptor, &peer)
    guard accepted >= 0 else {
      switch errno {
      case EINTR, ECONNABORTED: return true
      // Out of descriptors or memory: who waits in the queue is served once there are some again.
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause()
      default: break
      }
      return false
    }
    admit(accepted, peer)
    return true
  }

  private func pause() {
    guard !isPaused else { return }
    isPaused = true
    event_del(handle)
  }

  private func admit(_ accepted: Int32, _ peer: sockaddr_storage) {
    var one: Int32 = 1
    if unixPath == nil {
      setsockopt(
        accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
    var session: OpaquePointer?
    if let tls {
      session = tls.makeSession()
      guard session != nil else {
        Glibc.close(accepted)
        return
      }
    }
    _ = ServerConnection(
      worker: worker, descriptor: accepted, tls: session, peer: SocketAddress.address(peer),
      listener: self)
  }
}
