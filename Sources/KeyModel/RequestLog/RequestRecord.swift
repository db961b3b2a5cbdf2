// One line of an account's request log as a value, for whoever shows or exports it.

package struct RequestRecord: Hashable, Sendable {
  package var id: RequestID
  package var time: Timestamp
  package var projectID: ProjectID?
  package var accountID: AccountID?
  package var keyID: KeyID?
  package var versionID: VersionID?
  package var applicationID: ApplicationID?
  package var environment: String
  package var brand: String
  package var method: String
  /// Without its query.
  package var path: String
  /// 0 where no answer was sent.
  package var status: Int
  package var latencyMicroseconds: Int64
  /// Nil where no upstream was asked.
  package var upstreamLatencyMicroseconds: Int64?
  package var bytesIn: Int64
  package var bytesOut: Int64
  /// 16 bytes in network order; all zero where it is not known.
  package var addressHigh: UInt64
  package var addressLow: UInt64
  package var userAgent: String
  /// `name: value\n` lines; empty unless a policy captures headers.
  package var headers: String
  /// Nil where the call was admitted.
  package var denial: DecisionCode?
  package var way: RequestWay

  /// Texts become valid UTF-8 without controls; codes this version does not know become none.
  package init(_ packed: PackedRecord) {
    id = RequestID(bits: packed.id)
    time = Timestamp(microseconds: packed.time)
    projectID = Self.id(packed.project)
    accountID = Self.id(packed.account)
    keyID = Self.id(packed.key)
    versionID = Self.id(packed.version)
    applicationID = Self.id(packed.application)
    environment = CallerText.visible(packed.environment)
    brand = CallerText.visible(packed.brand)
    method = CallerText.visible(packed.method)
    path = CallerText.visible(packed.path)
    status = Int(packed.status)
    latencyMicroseconds = Int64(packed.latency)
    upstreamLatencyMicroseconds = packed.upstreamLatency.map { Int64($0) }
    bytesIn = Int64(clamping: packed.bytesIn)
    bytesOut = Int64(clamping: packed.bytesOut)
    addressHigh = packed.addressHigh
    addressLow = packed.addressLow
    userAgent = CallerText.visible(packed.userAgent)
    headers = CallerText.visible(packed.headers, lines: true)
    let code = DecisionCode(rawValue: packed.denialByte)
    denial = code == .valid ? nil : code
    way = RequestWay(rawValue: packed.wayByte) ?? .gateway
  }

  package var ended: Timestamp {
    Timestamp(microseconds: time.microseconds + latencyMicroseconds)
  }

  /// The order in which those who follow a log hear of calls.
  package static func endedBefore(_ left: Self, _ right: Self) -> Bool {
    (left.ended, left.id) < (right.ended, right.id)
  }

  private static func id<Tag>(_ bits: UInt128) -> ID<Tag>? { bits == 0 ? nil : ID(bits: bits) }
}

extension CallerText {
  /// Valid UTF-8 without controls and marks of direction, at its full length.
  package static func visible(_ bytes: UnsafeRawBufferPointer, lines: Bool = false) -> String {
    if bytes.allSatisfy({ $0 &- 0x20 < 0x5F }) { return String(decoding: bytes, as: UTF8.self) }
    var kept = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars
    where !isHidden(scalar) || lines && scalar == "\n" {
      kept.append(scalar)
    }
    return String(kept)
  }
}
