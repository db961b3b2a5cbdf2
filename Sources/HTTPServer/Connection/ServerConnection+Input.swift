// The reading half of a client connection: heads, bodies, pipelined bytes, and the client's end.

extension ServerConnection {
  func handleReadable() {
    switch phase {
    case .head: readHead()
    case .exchange: readDuringExchange()
    case .lingering: readAndDrop()
    case .closing, .closed: setReads(false)
    }
    if holdsDecrypted, readsOn { worker.wantsAttention(self) }
  }

  func handleAttention() {
    flush()
    switch phase {
    case .head:
      if input.hasUnread { process() }
    case .exchange:
      if body == .reading || body == .discarding { pumpBody() }
    case .closing:
      if output.count == 0 { finishClosing() }
    case .lingering, .closed: break
    }
    if output.count > 0, !writesOn, !isOpening { worker.wantsAttention(self) }
    if holdsDecrypted, readsOn { handleReadable() }
  }

  /// Whether bytes are wanted now follows from the phase alone.
  func updateReads() {
    switch phase {
    case .head: setReads(output.count <= limits.writeHighWater)
    case .exchange:
      switch body {
      case .reading, .discarding: setReads(!inputEnded)
      case .waiting, .paused: setReads(false)
      case .none: setReads(!inputEnded && !input.roomBehind.isEmpty)
      }
    case .lingering: setReads(true)
    case .closing, .closed: setReads(false)
    }
  }

  // MARK: Heads

  private func readHead() {
    let room = input.roomForHead(memory, limits.headBytes)
    switch receive(room) {
    case .bytes(let count):
      input.filled(count)
      if !headBegan {
        headBegan = true
        phaseStart = worker.milliseconds
      }
      process()
    case .wait: input.park(memory)
    case .end:
      inputEnded = true
      // A client may close its sending half and still read.
      if output.count > 0 { closeWhenFlushed() } else { closeNow() }
    case .failed: closeNow()
    }
  }

  /// Serves every request that is there, one after another, as long as each is done at once.
  func process() {
    guard !isProcessing else { return }
    isProcessing = true
    while phase == .head, input.unreadInBlock > 0 {
      guard output.count <= limits.writeHighWater else { break }
      guard takeHead() else { break }
    }
    isProcessing = false
    if phase == .head {
      input.park(memory)
      updateReads()
    }
  }

  /// False where the head is not complete or was refused.
  private func takeHead() -> Bool {
    guard let block = input.block else { return false }
    let index = head ?? memory.takeIndex()
    head = index
    let base = UnsafePointer(block) + input.headStart
    switch reader.read(base, input.end &- input.headStart, index) {
    case .incomplete:
      if index.pointee.cursor == 0 {
        memory.give(index)
        head = nil
      }
      return false
    case .complete:
      input.start = input.headStart &+ index.pointee.cursor
      beginExchange(index)
      return true
    case .refused(let refusal):
      refuse(refusal.status, refusal.detail)
      return false
    }
  }

  // MARK: During an exchange

  private func readDuringExchange() {
    if body == .none { return readAhead() }
    guard body == .reading || body == .discarding else { return setReads(false) }
    if !input.hasUnread {
      switch receive(input.roomForBody(memory)) {
      case .bytes(let count): input.filledBody(count)
      case .wait: return input.releaseEmptyBody(memory)
      case .end, .failed: return closeNow()
      }
    }
    pumpBody()
  }

  /// Nothing is wanted, but the client's end must be seen, and what it sends early must be kept.
  private func readAhead() {
    let room = input.roomBehind
    guard !room.isEmpty else { return setReads(false) }
    switch receive(room) {
    case .bytes(let count):
      input.filled(count)
      if count == room.count { setReads(false) }
    case .wait: break
    case .end:
      // A client that has only closed its sending half still gets its answer; one that is gone is
      // noticed when the answer cannot be sent. Only an answer without an end must not wait so.
      guard exchange?.endsWithClient != true else { return closeNow() }
      inputEnded = true
      inputEndedAt = worker.milliseconds
      setReads(false)
    case .failed: closeNow()
    }
  }

  private func readAndDrop() {
    let block = memory.bodies.take()
    defer { memory.bodies.give(block) }
    let room = UnsafeMutableBufferPointer(start: block, count: memory.bodies.size)
    switch receive(room) {
    case .bytes, .wait: break
    case .end, .failed: closeNow()
    }
  }

  // MARK: Body

  func pumpBody() {
    guard !isPumping else { return }
    isPumping = true
    while phase == .exchange, body == .reading || body == .discarding {
      if decoder.isEnded {
        bodyEnded()
        break
      }
      guard input.hasUnread else { break }
      pumpOnce()
    }
    isPumping = false
    input.releaseEmptyBody(memory)
    if phase == .exchange { updateReads() }
  }

  private func pumpOnce() {
    switch input.next(&decoder) {
    case .bytes(let bytes):
      windowBytes += bytes.count
      if body == .discarding { return discard(bytes.count) }
      exchange?.bytesIn += bytes.count
      receiver?.bodyReceived(bytes)
    case .more, .ended: break
    case .malformed: failBody(.malformed, 400, "The request body is malformed.")
    }
  }

  private func discard(_ count: Int) {
    discardBudget -= count
    guard discardBudget < 0 else { return }
    keepsAlive = false
    lingers = true
    body = .none
    exchangeOver()
  }

  private func bodyEnded() {
    let wasDiscarding = body == .discarding
    body = .none
    if wasDiscarding { return exchangeOver() }
    let receiver = receiver
    self.receiver = nil
    receiver?.bodyEnded()
  }

  func failBody(_ error: BodyError, _ status: Int, _ detail: StaticString) {
    let receiver = receiver
    self.receiver = nil
    body = .none
    lingers = true
    keepsAlive = false
    receiver?.bodyFailed(error)
    guard phase == .exchange else { return }
    switch answer {
    case .none:
      exchange?.end()
      refuse(status, detail)
    case .streaming: abort()
    case .ended: exchangeOver()
    }
  }

  func startReceiving(_ receiver: any BodyReceiver) {
    guard phase == .exchange, answer != .ended, self.receiver == nil else { return }
    self.receiver = receiver
    if body == .none { body = .reading }
    guard body == .waiting || body == .reading else { return }
    if let head, head.pointee.flags.contains(.expectContinue), !continueSent, answer == .none,
      !decoder.isEnded
    {
      continueSent = true
      if !input.hasUnread { output.append("HTTP/1.1 100 Continue\r\n\r\n", heads) }
    }
    body = .reading
    startWindow()
    worker.wantsAttention(self)
  }

  func pauseReceiving() {
    if body == .reading { body = .paused }
  }

  func resumeReceiving() {
    guard body == .paused else { return }
    body = .reading
    startWindow()
    worker.wantsAttention(self)
    updateReads()
  }

  func startWindow() {
    windowStart = worker.milliseconds
    windowBytes = 0
  }
}
