// What is put on record of a call, gathered while it lasts. Nothing here is allocated or owned: the
// texts are slices of the call's own head or body.
import HTTPServer
import KeyModel
import Verification

/// One call under way. To be finished once, and before its exchange ends: then the bytes that the
/// texts borrow are gone.
struct CallRecord {
  fileprivate(set) var fields = RecordFields()
  /// Monotonic nanoseconds of the turn in which the call began.
  fileprivate(set) var begunAt: Int64 = 0
  /// Monotonic nanoseconds; of a call that was decided on.
  fileprivate var decidedAt: Int64 = 0
  /// Index into the policy's environments; -1 where the credential named none.
  fileprivate var environment = -1
  /// Never recorded: it tells calls apart where a limit counts identical ones.
  fileprivate var query: UnsafeRawBufferPointer?

  var requestID: RequestID { RequestID(bits: fields.id) }

  /// Where another code refuses the call after all.
  mutating func deny(_ code: DecisionCode) { fields.denial = code }
}

/// Where a call came from, as the door that it came through knows it.
struct CallOrigin {
  var way: RequestWay
  var address: IPAddress?
  var userAgent: UnsafeRawBufferPointer?
  /// As it was sent: recorded only where it is one of the account's brands.
  var brand: UnsafeRawBufferPointer?
}

extension GatewayWorker {
  /// - Parameter decision: nil where the call is refused before its credential is looked at.
  @inline(__always)
  func record(
    _ call: Call, _ decision: Decision?, _ plan: ProjectPlan, _ requestID: RequestID,
    from origin: CallOrigin
  ) -> CallRecord {
    var record = CallRecord()
    record.fields.id = requestID.bits
    record.fields.way = origin.way
    record.begunAt = worker.turnNanoseconds
    guard ring != nil || plan.project.limits.haveFailures else { return record }
    record.query = call.query
    record.fields.time = call.now
    record.fields.project = plan.project.id.bits
    record.fields.method = call.method
    record.fields.path = call.path
    if let address = origin.address {
      record.fields.addressHigh = address.high
      record.fields.addressLow = address.low
    }
    if let agent = origin.userAgent { record.fields.userAgent = agent }
    guard let decision else { return record }
    record.fields.denial = decision.code
    guard let identity = decision.identity else { return record }
    record.fields.account = identity.accountID.bits
    record.fields.key = identity.keyID.bits
    record.fields.version = identity.versionID.bits
    record.fields.application = identity.applicationID.bits
    record.environment = identity.environment
    if let brand = origin.brand, verifier.isBrand(brand, of: identity) {
      record.fields.brand = brand
    }
    return record
  }

  /// What the call comes to is known: where it is refused after all, so it is on record.
  @inline(__always)
  func decided(_ record: inout CallRecord, _ code: DecisionCode, at door: Door) {
    record.deny(code)
    record.decidedAt = worker.monotonicNanoseconds
    tally.decided(door, code, nanoseconds: record.decidedAt - record.begunAt)
  }

  /// The head of the upstream's answer is there.
  func answered(_ record: inout CallRecord) {
    let now = worker.monotonicNanoseconds
    record.fields.upstreamLatency = (now - record.begunAt) / 1000
    tally.upstreamAnswered(nanoseconds: now - record.decidedAt)
  }

  /// Puts the call on record with what came of it, where the policy wants that.
  /// - Parameters:
  ///   - status: of the answer, or what stands for one that was never sent.
  ///   - bytesIn: of the call's body, as far as it was read; `bytesOut` of the answer's.
  ///   - head: what headers are captured from, where the policy wants some.
  func finish(
    _ record: borrowing CallRecord, _ plan: ProjectPlan, status: Int, bytesIn: Int = 0,
    bytesOut: Int = 0,
    head: some HeadFields
  ) {
    if plan.project.limits.haveFailures, status != ProxyCall.clientGoneStatus {
      desk.ended(
        record.fields, query: record.query, plan.project.limits, status: status,
        monotonic: worker.turnNanoseconds)
    }
    let took = worker.monotonicNanoseconds - record.begunAt
    if record.fields.way == .gateway { tally.gatewayEnded(status: status, nanoseconds: took) }
    guard let ring, plan.recordedCalls.have(status: status) else { return }
    var fields = record.fields
    // It begins with the turn as the upstream's does, so the whole is never less than its part.
    fields.latency = took / 1000
    fields.status = UInt16(truncatingIfNeeded: status)
    fields.bytesIn = UInt64(truncatingIfNeeded: bytesIn)
    fields.bytesOut = UInt64(truncatingIfNeeded: bytesOut)
    let shortest = plan.project.shortestSecret
    if fields.path.count >= shortest {
      fields.path = withoutKeys(fields.path, plan.project, in: recordedPath)
    }
    if fields.userAgent.count >= shortest {
      fields.userAgent = withoutKeys(fields.userAgent, plan.project, in: recordedAgent)
    }
    if !plan.capturedHeaders.isEmpty {
      capture(plan.capturedHeaders, of: head, plan.project)
      fields.headers = recordedHeaders.bytes
    }
    fields.environment = plan.environment(at: record.environment)
    ring.write(fields.packedSize) { fields.fill($0) }
  }

  /// Keys that someone put into a path, or what he sent beside it, do not belong in a log.
  private func withoutKeys(
    _ text: UnsafeRawBufferPointer, _ project: ProjectView, in scratch: OutputBuffer
  ) -> UnsafeRawBufferPointer {
    guard var found = verifier.firstSecret(in: text, from: 0, of: project) else { return text }
    scratch.reset()
    var copied = 0
    while true {
      scratch.append(UnsafeRawBufferPointer(rebasing: text[copied..<found.lowerBound]))
      scratch.append("[redacted]")
      copied = found.upperBound
      guard let next = verifier.firstSecret(in: text, from: copied, of: project) else { break }
      found = next
    }
    scratch.append(UnsafeRawBufferPointer(rebasing: text[copied...]))
    return scratch.bytes
  }

  private static var capturedBytes: Int { 256 }

  private func capture(_ names: [[UInt8]], of head: some HeadFields, _ project: ProjectView) {
    recordedHeaders.reset()
    for name in names {
      for index in 0..<head.count where ByteText.equal(head.name(index), ignoringCase: name) {
        let value = withoutKeys(head.value(index), project, in: recordedValue)
        recordedHeaders.append(name)
        recordedHeaders.append(": ")
        recordedHeaders.append(
          UnsafeRawBufferPointer(rebasing: value.prefix(Self.capturedBytes)))
        recordedHeaders.append(UInt8(ascii: "\n"))
      }
    }
  }
}
