// The answering half of a client connection. Small answers are gathered and leave with the end of
// the turn that made them; large pieces go out from where they lie.

extension ServerConnection {
  /// Answers up to this size are copied behind their head.
  private static let copiedBytes = 16 * 1024

  func respond(_ status: Int, _ block: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer) {
    guard phase == .exchange, answer == .none else { return }
    let bodyless = startAnswer(status, block, .length(bytes.count), bytes.count)
    if !bodyless {
      exchange?.bytesOut += bytes.count
      if bytes.count <= Self.copiedBytes {
        output.append(bytes, heads)
      } else {
        send(bytes)
      }
    }
    worker.wantsAttention(self)
    if output.count >= Self.gatherBytes, !writesOn { flush() }
    if phase == .exchange { answerEnded() }
  }

  func startResponse(_ status: Int, _ block: UnsafeRawBufferPointer, _ framing: Framing) {
    guard phase == .exchange, answer == .none else { return }
    _ = startAnswer(status, block, framing, 0)
    worker.wantsAttention(self)
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard phase == .exchange, answer == .streaming else { return true }
    guard !dropsAnswerBody, bytes.count > 0 else { return true }
    if answerLeft == -1 {
      sendChunk(bytes)
    } else if answerLeft == -2 {
      exchange?.bytesOut += bytes.count
      send(bytes)
    } else {
      let count = min(bytes.count, answerLeft)
      answerLeft -= count
      exchange?.bytesOut += count
      send(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
    guard phase == .exchange, output.count > limits.writeHighWater else { return true }
    isBlocked = true
    return false
  }

  func finishResponse() {
    guard phase == .exchange, answer == .streaming else { return }
    if !dropsAnswerBody {
      // An answer that is shorter than it said cannot be ended in order.
      if answerLeft > 0 { return abort() }
      if answerLeft == -1 { output.append("0\r\n\r\n", heads) }
      if answerLeft == -2 { keepsAlive = false }
    }
    worker.wantsAttention(self)
    answerEnded()
  }

  private func sendChunk(_ bytes: UnsafeRawBufferPointer) {
    var writer = HeadWriter(output.reserve(24, heads))
    writer.chunkSize(bytes.count)
    output.commit(writer.count)
    exchange?.bytesOut += bytes.count
    send(bytes)
    guard phase == .exchange else { return }
    output.append("\r\n", heads)
    worker.wantsAttention(self)
  }

  /// Writes the head; true where no body may follow.
  private func startAnswer(
    _ status: Int, _ block: UnsafeRawBufferPointer, _ framing: Framing, _ extra: Int
  ) -> Bool {
    let flags = head?.pointee.flags ?? []
    let isHTTP11 = flags.contains(.http11)
    settleKeepAlive(flags)
    var length = HeadWriter.Length.unsaid
    switch framing {
    case .length(let count):
      (length, answerLeft) = (.bytes(count), count)
    case .chunked:
      answerLeft = isHTTP11 ? -1 : -2
      if isHTTP11 { length = .chunked } else { keepsAlive = false }
    case .none: answerLeft = 0
    }
    let statusHasNoBody = status == 204 || status == 304 || status < 200
    dropsAnswerBody = flags.contains(.headMethod) || statusHasNoBody || framing == .none
    if status == 204 || (status == 304 && framing == .length(0)) { length = .unsaid }
    let copied = dropsAnswerBody || extra > Self.copiedBytes ? 0 : extra
    let room = output.reserve(HeadWriter.ownBytes + block.count + copied, heads)
    var writer = HeadWriter(room)
    writer.status(status, date: worker.dateLine.line(worker.now))
    writer.fields(block)
    writer.finish(length, keepsAlive: keepsAlive, isHTTP11: isHTTP11)
    output.commit(writer.count)
    answer = .streaming
    return dropsAnswerBody
  }

  /// Says `close` where it is known already that the rest of the body cannot be read.
  private func settleKeepAlive(_ flags: HeadFlags) {
    if worker.draining { keepsAlive = false }
    guard keepsAlive, body != .none else { return }
    if flags.contains(.expectContinue), !continueSent { keepsAlive = false }
    if body == .waiting, decoder.remaining > limits.unreadBodyBytes { keepsAlive = false }
  }

  /// The engine's own answer; the connection ends with it.
  func refuse(_ status: Int, _ detail: StaticString) {
    keepsAlive = false
    lingers = true
    let request = worker.nameRequest()
    let body = Problem.document(status, detail, request: request)
    body.withUnsafeBytes { bytes in
      HeaderBlock.bytes(Problem.fields(request: request)).withUnsafeBytes { fields in
        var writer = HeadWriter(
          output.reserve(HeadWriter.ownBytes + fields.count + bytes.count, heads))
        writer.status(status, date: worker.dateLine.line(worker.now))
        writer.fields(fields)
        writer.finish(.bytes(bytes.count), keepsAlive: false, isHTTP11: true)
        writer.fields(bytes)
        output.commit(writer.count)
      }
    }
    if let head { memory.give(head) }
    head = nil
    closeWhenFlushed()
  }

  // MARK: When output moves

  func handleFlushed() {
    phaseStart = phase == .head && !headBegan ? worker.milliseconds : phaseStart
    handleProgress()
    if phase == .closing { finishClosing() }
  }

  func handleProgress() {
    guard output.count <= limits.writeHighWater / 2 else { return }
    if isBlocked {
      isBlocked = false
      if phase == .exchange { exchange?.watcher?.clientDrained() }
    }
    if phase == .head, !readsOn || input.hasUnread {
      worker.wantsAttention(self)
      updateReads()
    }
  }
}
