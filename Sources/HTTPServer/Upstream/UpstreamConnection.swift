// One connection to an upstream: carries one call at a time and waits in its pool in between. Must
// not know where answers go.

import CEvent
import COpenSSL
import Glibc

final class UpstreamConnection: Channel {
  private let pool: UpstreamPool
  private(set) var call: UpstreamCall?
  private let place: UpstreamPlace
  private let encrypts: Bool
  private var isConnected = false
  private var isReused = false
  private var gotBytes = false
  private var writesFailed = false
  private var sentAny = false
  private var wantsBody = false
  private var isPumping = false
  private var input = InputBuffer()
  private var head: UnsafeMutablePointer<HeadIndex>?
  private var headDone = false
  private var decoder = BodyDecoder.none
  private var keepsAlive = false
  /// A body may follow the answer that had none.
  private var mayTrail = false
  private var isOnProbation = false
  private var idleSince: Int64 = 0

  /// One address gets this long before the next is tried.
  private static let connectMilliseconds: Int64 = 5000

  /// Begins to connect; nil where the system refuses at once.
  init?(pool: UpstreamPool, place: UpstreamPlace, address: IPAddress, tls: OpaquePointer?) {
    let target = SocketAddress(address, port: place.target.port)
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(Int32(target.storage.ss_family), kind, 0)
    guard descriptor >= 0 else {
      if let tls { SSL_free(tls) }
      return nil
    }
    var one: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    let code = target.withPointer { connect(descriptor, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else {
      close(descriptor)
      if let tls { SSL_free(tls) }
      return nil
    }
    self.pool = pool
    self.place = place
    encrypts = tls != nil
    super.init(worker: pool.worker, descriptor: descriptor, tls: nil)
    if let tls { startTLS(tls) }
    isOpening = true
    setWrites(true)
  }

  // MARK: A call begins

  func begin(_ call: UpstreamCall, reused: Bool) {
    self.call = call
    call.connection = self
    isReused = reused
    gotBytes = false
    headDone = false
    keepsAlive = false
    writesFailed = false
    sentAny = false
    wantsBody = !call.bodyEnded && call.early.count == 0
    call.lastActivity = worker.milliseconds
    output.append(call.request.bytes, heads)
    if call.early.count > 0 {
      output.append(call.early.bytes, heads)
      call.early.release(heads)
      wantsBody = !call.bodyEnded
    }
    worker.wantsAttention(self)
  }

  override func opening() {
    if !isConnected {
      guard connectError() == 0 else { return tryNextAddress(.unreachable) }
      isConnected = true
    }
    if encrypts {
      switch handshake() {
      case true?: break
      case false?: return
      case nil: return tryNextAddress(.unreachable)
      }
    }
    isOpening = false
    call?.lastActivity = worker.milliseconds
    setReads(true)
    worker.wantsAttention(self)
  }

  private func connectError() -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
  }

  private func tryNextAddress(_ error: UpstreamError) {
    guard let call = release() else { return closeNow() }
    closeNow()
    guard call.delegate != nil else { return }
    if call.addresses.isEmpty || call.bodyBegan {
      UpstreamPool.fail(call, error)
    } else {
      pool.connect(call)
    }
  }

  override func attend() {
    flush()
    guard !isOpening, !isClosed, let call else { return }
    if wantsBody, !call.bodyEnded, output.count <= worker.limits.writeHighWater / 2 {
      wantsBody = false
      call.delegate?.upstreamWantsBody()
    }
    if headDone { pump() }
    if holdsDecrypted, readsOn { readable() }
  }

  // MARK: The request's body

  func writeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    call?.lastActivity = worker.milliseconds
    guard !writesFailed else { return true }
    if call?.body == .chunked {
      var writer = HeadWriter(output.reserve(24, heads))
      writer.chunkSize(bytes.count)
      output.commit(writer.count)
      send(bytes)
      if !isClosed, !writesFailed { output.append("\r\n", heads) }
      worker.wantsAttention(self)
    } else {
      send(bytes)
    }
    guard output.count > worker.limits.writeHighWater || isOpening else { return true }
    wantsBody = true
    return false
  }

  func endChunks() {
    guard !writesFailed, !isClosed else { return }
    output.append("0\r\n\r\n", heads)
    worker.wantsAttention(self)
  }

  override func progressed() {
    sentAny = true
    call?.lastActivity = worker.milliseconds
    if wantsBody { worker.wantsAttention(self) }
  }

  override func flushed() { progressed() }

  /// The upstream takes nothing more; it may still have answered.
  override func broken() {
    guard call != nil, !writesFailed else { return closeNow() }
    writesFailed = true
    output.release(heads)
    setWrites(false)
    setReads(true)
    worker.wantsAttention(self)
  }

  // MARK: The answer

  override func readable() {
    guard let call else { return closeNow() }
    guard !call.isPaused else { return setReads(false) }
    if headDone {
      readBody()
    } else {
      switch receive(input.roomForHead(memory, ResponseReader.headBytes)) {
      case .bytes(let count):
        input.filled(count)
        gotBytes = true
        call.lastActivity = worker.milliseconds
        readHead(call)
      case .wait: input.park(memory)
      case .end, .failed: died()
      }
    }
    if holdsDecrypted, readsOn { worker.wantsAttention(self) }
  }

  private func readHead(_ call: UpstreamCall) {
    while !headDone, let block = input.block {
      let index = head ?? memory.takeIndex()
      head = index
      let base = UnsafePointer(block) + input.headStart
      switch ResponseReader().read(base, input.end - input.headStart, index) {
      case .incomplete: return
      case .malformed: return finish(.broken)
      case .complete: break
      }
      input.start = input.headStart + index.pointee.cursor
      if index.pointee.status == 101 { return finish(.broken) }
      if index.pointee.status >= 200 { return answer(call, base, index) }
      // 1xx: the answer itself follows.
      input.nextHead(memory)
      index.pointee.reset()
    }
  }

  private func answer(
    _ call: UpstreamCall, _ base: BytePointer, _ index: UnsafeMutablePointer<HeadIndex>
  ) {
    headDone = true
    call.isAnswered = true
    call.request.release(heads)
    decoder = ResponseReader.decoder(index.pointee, toHEAD: call.isHEAD)
    keepsAlive = index.pointee.keepsAlive && !decoder.endsWithConnection
    mayTrail = ResponseReader.mayTrail(index.pointee, toHEAD: call.isHEAD)
    call.delegate?.upstreamResponded(
      UpstreamResponseHead(
        base: base, index: UnsafePointer(index),
        framing: ResponseReader.framing(index.pointee, toHEAD: call.isHEAD)))
    pump()
  }

  private func readBody() {
    if !input.hasUnread {
      switch receive(input.roomForBody(memory)) {
      case .bytes(let count):
        input.filledBody(count)
        call?.lastActivity = worker.milliseconds
      case .wait: return input.releaseEmptyBody(memory)
      case .end, .failed: return died()
      }
    }
    pump()
  }

  private func pump() {
    guard !isPumping, let call else { return }
    isPumping = true
    while self.call === call, headDone, !isClosed {
      if decoder.isEnded {
        finish(nil)
        break
      }
      guard !call.isPaused, input.hasUnread else { break }
      switch input.next(&decoder) {
      case .bytes(let bytes): call.delegate?.upstreamBody(bytes)
      case .more, .ended: break
      case .malformed: finish(.broken)
      }
    }
    isPumping = false
    input.releaseEmptyBody(memory)
    if self.call === call { setReads(!call.isPaused) }
  }

  func resumed() {
    call?.lastActivity = worker.milliseconds
    setReads(!isOpening || encrypts)
    worker.wantsAttention(self)
  }

  // MARK: The call ends

  /// The connection ended or failed while a call was on it.
  private func died() {
    guard let call else { return closeNow() }
    if headDone { return finish(decoder.endsWithConnection ? nil : .broken) }
    let isSafe = !call.bodyBegan && (call.isIdempotent || !sentAny)
    guard isReused, !gotBytes, isSafe, !call.wasRetried, release() != nil else {
      return finish(.broken)
    }
    closeNow()
    call.wasRetried = true
    guard call.delegate != nil else { return }
    pool.open(call)
  }

  private func finish(_ error: UpstreamError?) {
    guard let call = release() else { return closeNow() }
    let isClean =
      error == nil && keepsAlive && call.bodyEnded && output.count == 0 && !input.hasUnread
      && !writesFailed
    let delegate = call.delegate.take()
    if let error { delegate?.upstreamFailed(error) } else { delegate?.upstreamEnded() }
    // Only now: the head is the delegate's until here.
    if isClean { rest() } else { closeNow() }
  }

  private func release() -> UpstreamCall? {
    let call = call.take()
    call?.connection = nil
    return call
  }

  private func rest() {
    releaseHead()
    input.release(memory)
    guard !worker.draining, place.kept < worker.limits.idleUpstreamsPerTarget else {
      return closeNow()
    }
    idleSince = worker.milliseconds
    isOnProbation = mayTrail
    if isOnProbation { place.onProbation += 1 } else { place.idle.append(self) }
    setReads(true)
  }

  /// Nothing has come since the last call ended.
  private func endProbation() {
    isOnProbation = false
    place.onProbation -= 1
    place.idle.append(self)
  }

  /// The caller has no more use for the answer.
  func abandon() {
    call = nil
    resetOnClose()
    closeNow()
  }

  override func sweep(_ now: Int64) {
    guard let call else {
      if now - idleSince > Int64(worker.limits.idleUpstreamSeconds) * 1000 { return closeNow() }
      if isOnProbation, now - idleSince >= Int64(worker.limits.upstreamProbationMilliseconds) {
        endProbation()
      }
      return
    }
    if isOpening, now - call.lastActivity > min(call.timeout, Self.connectMilliseconds) {
      return tryNextAddress(.timedOut)
    }
    guard !call.isPaused || output.count > 0 else {
      call.lastActivity = now
      return
    }
    if now - call.lastActivity > call.timeout { finish(.timedOut) }
  }

  override func drain() {
    if call == nil { closeNow() }
  }

  private func releaseHead() {
    if let head { memory.give(head) }
    head = nil
  }

  override func willClose() {
    if isOnProbation {
      place.onProbation -= 1
    } else if let position = place.idle.lastIndex(where: { $0 === self }) {
      place.idle.remove(at: position)
    }
    if let call = release(), call.delegate != nil { UpstreamPool.fail(call, .broken) }
    releaseHead()
    input.release(memory)
  }
}
