// One non-blocking socket on a worker's loop, with or without TLS: reads, gathers writes, knows
// when to wait. Both halves of the engine, server connection and upstream connection, are channels.
// Must not know HTTP.

import CEvent
import COpenSSL
import Glibc

class Channel {
  enum Received {
    case bytes(Int)
    case end, wait, failed
  }

  let worker: Worker
  let memory: Memory
  /// Of `memory`: one step nearer, so that sending counts no reference.
  let heads: BlockPool
  private(set) var descriptor: Int32
  private(set) var tls: OpaquePointer?
  /// Read and write event, in this order.
  private let events: UnsafeMutablePointer<event>
  final var output = OutputBuffer()
  /// Place in the worker's list; -1 where it is in none.
  final var position = -1
  final var awaitsAttention = false
  private(set) final var readsOn = false
  private(set) final var writesOn = false
  /// When the peer last took output; milliseconds.
  final var lastProgress: Int64 = 0
  /// Handshake or connect not done yet.
  final var isOpening = false

  /// From this much on, bytes are sent at once instead of at the end of the turn.
  static let gatherBytes = 32 * 1024

  final var isClosed: Bool { descriptor < 0 }

  init(worker: Worker, descriptor: Int32, tls: OpaquePointer?) {
    self.worker = worker
    memory = worker.memory
    heads = memory.heads
    self.descriptor = descriptor
    self.tls = tls
    events = .allocate(capacity: 2)
    let context = Unmanaged.passUnretained(self).toOpaque()
    event_assign(
      events, worker.base, descriptor, Int16(EV_READ | EV_PERSIST), channelEvent, context)
    event_assign(
      events + 1, worker.base, descriptor, Int16(EV_WRITE | EV_PERSIST), channelEvent, context)
    worker.adopt(self)
  }

  deinit { events.deallocate() }

  // MARK: For subclasses

  /// Bytes or the end may be read.
  func readable() {}
  /// All output is with the kernel.
  func flushed() {}
  /// Some output is with the kernel.
  func progressed() {}
  /// Writing failed: the peer is gone.
  func broken() { closeNow() }
  /// The socket can be written to while `isOpening`.
  func opening() {}
  /// At the end of a turn in which `worker.wantsAttention` was said for this channel.
  func attend() { flush() }
  func sweep(_ now: Int64) {}
  func drain() {}
  /// Last words, while everything is still there.
  func willClose() {}

  // MARK: Events

  fileprivate final func dispatch(_ what: Int32) {
    if isOpening {
      // Answers that are ready do not wait for a handshake, which takes as long as many calls.
      if tls != nil { worker.attend() }
      opening()
    } else if what & EV_READ != 0 {
      readable()
    } else {
      flush()
    }
    worker.endCallback()
  }

  final func setReads(_ on: Bool) {
    guard on != readsOn, descriptor >= 0 else { return }
    readsOn = on
    if on { event_add(events, nil) } else { event_del(events) }
  }

  final func setWrites(_ on: Bool) {
    guard on != writesOn, descriptor >= 0 else { return }
    writesOn = on
    if on { noteProgress() }
    if on { event_add(events + 1, nil) } else { event_del(events + 1) }
  }

  // MARK: Input

  final func receive(_ room: UnsafeMutableBufferPointer<UInt8>) -> Received {
    guard let start = room.baseAddress, room.count > 0, descriptor >= 0 else { return .wait }
    if let tls { return receive(tls, start, room.count) }
    while true {
      let count = recv(descriptor, start, room.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      let code = errno
      if code == EAGAIN || code == EWOULDBLOCK { return .wait }
      if code != EINTR { return .failed }
    }
  }

  /// Decrypted bytes that no event will tell of.
  final var holdsDecrypted: Bool {
    guard let tls else { return false }
    return SSL_pending(tls) > 0
  }

  private func receive(
    _ tls: OpaquePointer, _ start: UnsafeMutablePointer<UInt8>, _ count: Int
  ) -> Received {
    ERR_clear_error()
    let taken = SSL_read(tls, start, Int32(clamping: count))
    if taken > 0 { return .bytes(Int(taken)) }
    switch SSL_get_error(tls, taken) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wait
    case SSL_ERROR_ZERO_RETURN: return .end
    default: return .failed
    }
  }

  /// Takes one step of a handshake: true once it is done, nil where it failed.
  final func handshake() -> Bool? {
    guard let tls else { return true }
    ERR_clear_error()
    let code = SSL_do_handshake(tls)
    if code == 1 {
      setWrites(false)
      return true
    }
    switch SSL_get_error(tls, code) {
    case SSL_ERROR_WANT_READ:
      setReads(true)
      setWrites(false)
      return false
    case SSL_ERROR_WANT_WRITE:
      setWrites(true)
      return false
    default: return nil
    }
  }

  final func startTLS(_ tls: OpaquePointer) {
    self.tls = tls
    SSL_set_fd(tls, descriptor)
  }

  // MARK: Output

  /// Sends what is gathered, as far as the kernel takes it.
  final func flush() {
    guard descriptor >= 0, !isOpening else { return }
    guard output.count > 0 else {
      setWrites(false)
      return
    }
    let sent = tls.map { sendEncrypted($0) } ?? sendPlain()
    guard sent else { return broken() }
    if output.count == 0 {
      setWrites(false)
      flushed()
    } else {
      setWrites(true)
      progressed()
    }
  }

  /// Gathers `bytes`; many are sent at once, from where they lie.
  final func send(_ bytes: UnsafeRawBufferPointer) {
    guard descriptor >= 0 else { return }
    let total = output.count &+ bytes.count
    if total < Self.gatherBytes || writesOn || isOpening {
      output.append(bytes, heads)
      worker.wantsAttention(self)
    } else if tls != nil {
      output.append(bytes, heads)
      flush()
    } else {
      sendGathered(bytes)
    }
  }

  private func sendPlain() -> Bool {
    while true {
      let bytes = output.bytes
      let count = Glibc.send(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 {
        noteProgress()
        output.consume(count, heads)
        return true
      }
      let code = errno
      if code == EAGAIN || code == EWOULDBLOCK { return true }
      if code != EINTR { return false }
    }
  }

  private func sendEncrypted(_ tls: OpaquePointer) -> Bool {
    while output.count > 0 {
      ERR_clear_error()
      let bytes = output.bytes
      let count = SSL_write(tls, bytes.baseAddress, Int32(clamping: bytes.count))
      guard count > 0 else {
        let code = SSL_get_error(tls, count)
        return code == SSL_ERROR_WANT_WRITE || code == SSL_ERROR_WANT_READ
      }
      noteProgress()
      output.consume(Int(count), heads)
    }
    return true
  }

  private func sendGathered(_ bytes: UnsafeRawBufferPointer) {
    let before = output.bytes
    var parts = (
      iovec(iov_base: UnsafeMutableRawPointer(mutating: before.baseAddress), iov_len: before.count),
      iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    )
    let count = withUnsafeMutableBytes(of: &parts) { raw in
      let vectors = raw.assumingMemoryBound(to: iovec.self)
      var result: Int
      repeat {
        result = writev(descriptor, vectors.baseAddress, 2)
      } while result < 0 && errno == EINTR
      return result
    }
    if count < 0, errno != EAGAIN, errno != EWOULDBLOCK { return broken() }
    let sent = max(count, 0)
    if sent > 0 { noteProgress() }
    let ofBefore = min(sent, before.count)
    if ofBefore > 0 { output.consume(ofBefore, heads) }
    let ofBytes = sent - ofBefore
    guard ofBytes < bytes.count else { return }
    output.append(UnsafeRawBufferPointer(rebasing: bytes[ofBytes...]), heads)
    setWrites(true)
  }

  private func noteProgress() { lastProgress = worker.milliseconds }

  // MARK: End

  final func shutdownWriting() {
    if let tls {
      ERR_clear_error()
      SSL_shutdown(tls)
    }
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// The peer sees a reset instead of an orderly end.
  final func resetOnClose() {
    if let tls { SSL_set_quiet_shutdown(tls, 1) }
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  final func closeNow() {
    guard descriptor >= 0 else { return }
    willClose()
    guard descriptor >= 0 else { return }
    setReads(false)
    setWrites(false)
    if let tls {
      ERR_clear_error()
      SSL_shutdown(tls)
      SSL_free(tls)
      self.tls = nil
    }
    Glibc.close(descriptor)
    descriptor = -1
    output.release(heads)
    worker.disown(self)
  }
}

private func channelEvent(_: Int32, _ what: Int16, _ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  Unmanaged<Channel>.fromOpaque(context).takeUnretainedValue().dispatch(Int32(what))
}
