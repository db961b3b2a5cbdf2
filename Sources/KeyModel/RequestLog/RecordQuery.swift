// What is asked of a request log, as values, and the test of one packed record against it without
// making a value of the record.

/// Whose log: an account's, or what a project has of calls without an account.
package enum RecordOwner: Hashable, Sendable {
  case account(AccountID)
  case project(ProjectID)

  package var bits: UInt128 {
    switch self {
    case .account(let id): id.bits
    case .project(let id): id.bits
    }
  }
}

package enum StatusFilter: Hashable, Sendable {
  case exact(UInt16)
  /// 1…5: `4` stands for 400 to 499.
  case hundreds(UInt16)

  /// `200` or `4xx`; nil for anything else.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 3, (0x31...0x35).contains(bytes[0]) else { return nil }
    if bytes[1...].elementsEqual("xx".utf8) || bytes[1...].elementsEqual("XX".utf8) {
      self = .hundreds(UInt16(bytes[0] - 0x30))
      return
    }
    guard bytes.allSatisfy({ $0 &- 0x30 < 10 }), let code = UInt16(text) else { return nil }
    self = .exact(code)
  }

  @inline(__always)
  func fits(_ status: UInt16) -> Bool {
    switch self {
    case .exact(let code): status == code
    case .hundreds(let class_): status / 100 == class_
    }
  }
}

/// What a record must be to be shown; nil asks nothing.
package struct RecordFilter: Hashable, Sendable {
  /// The first moment that counts.
  package var from: Timestamp?
  /// The first moment that does not count any more.
  package var to: Timestamp?
  package var status: StatusFilter?
  package var brand: String?
  package var key: KeyID?
  package var method: String?
  package var pathPrefix: String?
  package var denial: DecisionCode?

  package init() {}
}

/// One page of a log, newest first.
package struct RecordQuery: Hashable, Sendable {
  package var owner: RecordOwner
  package var filter: RecordFilter
  /// Only records older than this one: the cursor of the page before.
  package var before: RequestID?
  /// Records of one page.
  package var limit: Int

  package init(
    owner: RecordOwner, filter: RecordFilter = RecordFilter(), before: RequestID? = nil,
    limit: Int = 50
  ) {
    self.owner = owner
    self.filter = filter
    self.before = before
    self.limit = limit
  }
}

/// A page and where it goes on. A page may be short, even empty, though there is more: it ends when
/// enough was looked at.
package struct RecordPage: Sendable {
  package var records: [RequestRecord]
  /// `before` of the next page; nil where there is nothing older.
  package var next: RequestID?

  package init(records: [RequestRecord], next: RequestID?) {
    self.records = records
    self.next = next
  }
}

/// A filter made ready to be held against many packed records.
package struct RecordMatcher: Sendable {
  private let from: Int64
  private let to: Int64
  package let status: StatusFilter?
  package let key: UInt128?
  package let denial: UInt8?
  /// As far as records keep it.
  package let brand: [UInt8]?
  package let method: [UInt8]?
  package let pathPrefix: [UInt8]?

  package init(_ filter: RecordFilter) {
    from = filter.from?.microseconds ?? .min
    to = filter.to?.microseconds ?? .max
    status = filter.status
    key = filter.key?.bits
    denial = filter.denial?.rawValue
    brand = filter.brand.map { Self.kept($0, RecordLayout.labelLimit) }
    method = filter.method.map { Self.kept($0, RecordLayout.methodLimit) }
    pathPrefix = filter.pathPrefix.map { Self.kept($0, RecordLayout.pathLimit) }
  }

  private static func kept(_ text: String, _ limit: Int) -> [UInt8] {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { Array($0.prefix(RecordLayout.cut($0, limit))) }
  }

  @inline(__always)
  package func fits(_ record: PackedRecord) -> Bool {
    let time = record.time
    guard time >= from, time < to || to == .max else { return false }
    if let status, !status.fits(record.status) { return false }
    if let denial, denial != record.denialByte { return false }
    if let key, key != record.key { return false }
    if let method, !Self.same(method, record.method) { return false }
    if let brand, !Self.same(brand, record.brand) { return false }
    if let pathPrefix, !Self.begins(pathPrefix, record.path) { return false }
    return true
  }

  @inline(__always)
  private static func same(_ wanted: [UInt8], _ text: UnsafeRawBufferPointer) -> Bool {
    wanted.count == text.count && begins(wanted, text)
  }

  @inline(__always)
  private static func begins(_ prefix: [UInt8], _ text: UnsafeRawBufferPointer) -> Bool {
    guard prefix.count <= text.count else { return false }
    return prefix.withUnsafeBytes { prefix in
      for at in 0..<prefix.count where prefix[at] != text[at] { return false }
      return true
    }
  }
}
