// One client connection: which phase it is in and how it moves on. Requests are served strictly one
// after another; what a client sends early stays in the input buffer. Input, output and deadlines
// are in the extensions beside this file. Must not know what handlers do.

import Glibc

final class ServerConnection: Channel {
  enum Phase {
    /// Between requests, or inside a head.
    case head
    case exchange
    /// Everything is said; closes once it is sent.
    case closing
    /// Sent and half-closed; waits for the client's end, so that a reset cannot eat the answer.
    case lingering
    case closed
  }

  enum BodyPhase {
    /// None, or all of it was read.
    case none
    /// Nobody has asked for it.
    case waiting
    case reading, paused
    /// The answer is out; what is left of the body is dropped.
    case discarding
  }

  enum AnswerPhase {
    case none, streaming, ended
  }

  let handler: any RequestHandler
  let peer: IPAddress
  let reader: RequestReader
  var phase = Phase.head
  /// Start of what the phase's deadline is counted from; milliseconds.
  var phaseStart: Int64
  /// The head's deadline runs, not the idle one.
  var headBegan = true
  var input = InputBuffer()
  var head: UnsafeMutablePointer<HeadIndex>?
  var exchange: Exchange?
  var isProcessing = false
  /// The client will send nothing more.
  var inputEnded = false
  /// Milliseconds; meaningless until then.
  var inputEndedAt: Int64 = 0

  var body = BodyPhase.none
  var decoder = BodyDecoder.none
  var receiver: (any BodyReceiver)?
  var isPumping = false
  var continueSent = false
  var discardBudget = 0
  var windowStart: Int64 = 0
  var windowBytes = 0

  var answer = AnswerPhase.none
  var keepsAlive = true
  var lingers = false
  /// Answer bytes left where its length was said; -1 where it is chunked, -2 where it ends with the
  /// connection.
  var answerLeft = 0
  var dropsAnswerBody = false
  var isBlocked = false

  init(worker: Worker, descriptor: Int32, tls: OpaquePointer?, peer: IPAddress, listener: Listener)
  {
    handler = listener.handler
    self.peer = peer
    reader = RequestReader(worker.limits)
    phaseStart = worker.milliseconds
    super.init(worker: worker, descriptor: descriptor, tls: nil)
    worker.connectionCount += 1
    if let tls {
      startTLS(tls)
      isOpening = true
    }
    setReads(true)
  }

  var limits: Limits { worker.limits }

  override func opening() {
    switch handshake() {
    case true?:
      isOpening = false
      readable()
    case false?: break
    case nil: closeNow()
    }
  }

  override func readable() { handleReadable() }
  override func attend() { handleAttention() }
  override func flushed() { handleFlushed() }
  override func progressed() { handleProgress() }
  override func sweep(_ now: Int64) { checkDeadlines(now) }

  // MARK: One exchange

  func beginExchange(_ index: UnsafeMutablePointer<HeadIndex>) {
    phase = .exchange
    answer = .none
    continueSent = false
    inputEnded = false
    let flags = index.pointee.flags
    keepsAlive = index.pointee.keepsAlive && !worker.draining
    if flags.contains(.chunked) {
      decoder = .chunked
      body = .waiting
    } else if index.pointee.contentLength > 0 {
      decoder = .length(index.pointee.contentLength)
      body = .waiting
    } else {
      decoder = .none
      body = .none
    }
    if !isKnownUniquelyReferenced(&exchange) { exchange = Exchange(worker) }
    guard let exchange else { return }
    exchange.begin(self, index)
    handler.handle(exchange)
    if body == .reading { pumpBody() }
    if phase == .exchange { updateReads() }
  }

  /// The answer is complete; the body may not be.
  func answerEnded() {
    answer = .ended
    receiver = nil
    if body == .none { return exchangeOver() }
    let expected = head.map { $0.pointee.flags.contains(.expectContinue) } ?? false
    guard keepsAlive, !(expected && !continueSent), decoder.remaining <= limits.unreadBodyBytes
    else {
      keepsAlive = false
      lingers = true
      return exchangeOver()
    }
    body = .discarding
    discardBudget = limits.unreadBodyBytes
    startWindow()
    worker.wantsAttention(self)
    updateReads()
  }

  func exchangeOver() {
    exchange?.end()
    receiver = nil
    if let head {
      memory.give(head)
      self.head = nil
    }
    phaseStart = worker.milliseconds
    guard keepsAlive, !(inputEnded && !input.hasUnread) else { return closeWhenFlushed() }
    phase = .head
    input.nextHead(memory)
    headBegan = input.hasUnread
    guard !isProcessing else { return }
    if input.hasUnread {
      worker.wantsAttention(self)
    } else {
      input.park(memory)
    }
    updateReads()
  }

  // MARK: End

  func closeWhenFlushed() {
    phase = .closing
    lingers = lingers || input.hasUnread
    phaseStart = worker.milliseconds
    setReads(false)
    input.release(memory)
    worker.wantsAttention(self)
  }

  func finishClosing() {
    guard lingers, !inputEnded else { return closeNow() }
    phase = .lingering
    phaseStart = worker.milliseconds
    shutdownWriting()
    setReads(true)
  }

  override func willClose() {
    let wasExchange = phase == .exchange
    phase = .closed
    worker.connectionEnded()
    if wasExchange, let exchange {
      let answered = answer == .ended
      answer = .ended
      let receiver = receiver
      self.receiver = nil
      if body == .reading || body == .paused { receiver?.bodyFailed(.clientGone) }
      if !answered { exchange.watcher?.clientGone() }
      exchange.end()
    }
    receiver = nil
    if let head { memory.give(head) }
    head = nil
    input.release(memory)
  }

  /// Ends the connection so that the client sees the answer as cut off.
  func abort() {
    guard !isClosed else { return }
    resetOnClose()
    answer = .ended
    body = .none
    exchange?.end()
    closeNow()
  }

  override func drain() {
    keepsAlive = false
    guard phase == .head else { return }
    // What has arrived already is still served.
    if !isOpening { readable() }
    guard phase == .head, !input.hasUnread else { return }
    if output.count > 0 { closeWhenFlushed() } else { closeNow() }
  }
}
