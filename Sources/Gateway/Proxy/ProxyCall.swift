// One call on its way through: the client's body to the upstream and the upstream's answer to the
// client, each as fast as the slower side takes it. It holds no bytes of its own.
import HTTPServer
import KeyModel
import Verification

final class ProxyCall: BodyReceiver, UpstreamDelegate, ExchangeWatcher {
  private let shared: GatewayWorker
  /// Where the call waits to be used again.
  private var home: ProxyHandler?
  private var exchange: Exchange?
  private var upstream: UpstreamCall?
  private var record = CallRecord()
  private var plan: ProjectPlan?
  private var answerStatus = 0
  private var request = RequestSide.none
  private var upstreamIsReady = false
  private var answerStarted = false
  private var answerIsPaused = false
  /// Gone with the call's end, whichever it is.
  private var slot: Slot?
  /// Complete lines for the answer's head.
  private let limitLines = OutputBuffer(capacity: 256)

  /// How far the client's body is.
  private enum RequestSide {
    case none, waiting, flowing, paused, ended
  }

  init(_ shared: GatewayWorker) { self.shared = shared }

  func begin(
    _ exchange: Exchange, _ record: CallRecord, _ plan: ProjectPlan, slot: consuming Slot?,
    limitLines: OutputBuffer
  ) {
    self.exchange = exchange
    self.plan = plan
    shared.tally.forwarded += 1
    if slot != nil { exchange.endsSoonAfterClient = true }
    self.slot = slot
    self.limitLines.reset()
    self.limitLines.append(limitLines.bytes)
    self.record = record
    request = exchange.head.contentLength == 0 ? .none : .waiting
    upstreamIsReady = false
    answerStarted = false
    answerIsPaused = false
    exchange.watcher = self
  }

  func send(
    through pool: UpstreamPool, to target: UpstreamTarget, head: UnsafeRawBufferPointer,
    timeoutSeconds: Int, home: ProxyHandler
  ) {
    let framing: Framing =
      switch exchange?.head.contentLength {
      case .some(0): .none
      case .some(let length): .length(length)
      case .none: .chunked
      }
    let call = pool.send(
      to: target, head: head, body: framing, timeoutSeconds: timeoutSeconds, delegate: self)
    // The upstream may have failed before this returned; then the call is over already.
    guard exchange != nil else { return }
    upstream = call
    self.home = home
    if upstreamIsReady { startBody() }
  }

  // MARK: the client's body

  func upstreamWantsBody() {
    upstreamIsReady = true
    guard upstream != nil else { return }
    startBody()
  }

  private func startBody() {
    switch request {
    case .waiting:
      request = .flowing
      exchange?.receiveBody(self)
    case .paused:
      request = .flowing
      exchange?.resumeBody()
    case .none, .flowing, .ended: break
    }
  }

  func bodyReceived(_ bytes: UnsafeRawBufferPointer) {
    guard let upstream, request == .flowing || request == .paused else { return }
    if !upstream.write(bytes), request == .flowing {
      request = .paused
      exchange?.pauseBody()
    }
  }

  func bodyEnded() {
    guard request != .ended else { return }
    request = .ended
    upstream?.endBody()
  }

  func bodyFailed(_ error: BodyError) {
    guard let exchange else { return }
    guard let problem = GatewayProblem(body: error) else { return clientGone() }
    upstream?.cancel()
    refuse(exchange, problem)
  }

  // MARK: the upstream's answer

  func upstreamResponded(_ head: UpstreamResponseHead) {
    guard let exchange, let plan else { return }
    let isBodiless = if case .none = head.framing { true } else { false }
    let out = shared.head
    // Content-Length of an answer that has no body (HEAD, 304) says what a GET would get; the
    // engine writes the field for all others.
    ForwardedHead.writeAnswer(
      EngineFields(list: head.headers), keepsLength: isBodiless && head.status != 204,
      requestID: record.requestID, plan.answerHeaders, limitLines: limitLines.bytes, to: out)
    answerStarted = true
    answerStatus = head.status
    shared.answered(&record)
    exchange.startResponse(status: head.status, headerBlock: out.bytes, framing: head.framing)
  }

  func upstreamBody(_ bytes: UnsafeRawBufferPointer) {
    guard let exchange else { return }
    if !exchange.write(bytes), !answerIsPaused {
      answerIsPaused = true
      upstream?.pause()
    }
  }

  func upstreamEnded() {
    guard let exchange else { return }
    // A call that ended before its body did may still be known to the engine as its receiver.
    let home = request == .none || request == .ended ? home : nil
    finish(exchange, status: answerStatus)
    end()
    exchange.finish()
    home?.recycle(self)
  }

  func upstreamFailed(_ error: UpstreamError) {
    guard let exchange else { return }
    switch error {
    case .unreachable:
      refuse(exchange, GatewayProblem(.upstreamUnreachable, "No connection could be made."))
    case .broken:
      refuse(exchange, GatewayProblem(.upstreamBroken, "It was cut off or is not HTTP/1.1."))
    case .timedOut where request == .flowing:
      // What came of the body was passed on, and the upstream waits for the rest of it.
      refuse(exchange, GatewayProblem(.requestTimeout, "The rest of the body did not come."))
    case .timedOut:
      refuse(exchange, GatewayProblem(.upstreamTimeout, "No answer came within the time set."))
    }
  }

  // MARK: the client

  func clientDrained() {
    guard answerIsPaused else { return }
    answerIsPaused = false
    upstream?.resume()
  }

  func clientGone() {
    guard let exchange else { return }
    upstream?.cancel()
    finish(exchange, status: answerStarted ? answerStatus : Self.clientGoneStatus)
    end()
  }

  /// Stands for the answer to a client that did not wait for it.
  static let clientGoneStatus = 499

  /// Where the answer has begun the client must notice that it is cut off.
  private func refuse(_ exchange: Exchange, _ problem: GatewayProblem) {
    let (started, plan) = (answerStarted, plan)
    if started { finish(exchange, status: answerStatus) }
    end()
    if started { return exchange.abort() }
    if let plan { shared.refuse(exchange, problem, record, plan, lines: limitLines.bytes) }
  }

  private func finish(_ exchange: Exchange, status: Int) {
    guard let plan else { return }
    shared.finish(
      record, plan, status: status, bytesIn: exchange.bytesIn, bytesOut: exchange.bytesOut,
      head: EngineFields(list: exchange.head.headers))
  }

  private func end() {
    guard let exchange = exchange.take() else { return }
    shared.tally.forwarded -= 1
    exchange.watcher = nil
    upstream = nil
    home = nil
    plan = nil
    slot = nil
  }
}
