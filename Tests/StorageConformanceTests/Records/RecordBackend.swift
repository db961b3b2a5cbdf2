// The two places of a request log, and records for its cases.
import Foundation
import KeyModel
import Testing

@testable import Storage

enum RecordBackend: String, CaseIterable, CustomTestStringConvertible {
  case folder, postgres
  var testDescription: String { rawValue }

  func withLocation<R>(_ body: (RecordLocation) async throws -> R) async throws -> R {
    switch self {
    case .folder:
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      return try await body(.folder(path: folder.path + "/records"))
    case .postgres:
      return try await Backend.postgres.withDatabase { location in
        guard case .postgres(let url) = location else { throw Missing(what: "a URL") }
        return try await body(.postgres(url: url))
      }
    }
  }

  func withLog<R>(_ body: (RecordLog) async throws -> R) async throws -> R {
    try await withLocation { location in
      let log = try RecordLog(location, writer: 1)
      defer { log.close() }
      return try await body(log)
    }
  }
}

/// One record to be appended; what is not said is the same for all.
struct Entry {
  static let midnight = Timestamp(seconds: 1_750_032_000)

  var number: Int
  /// Seconds after `midnight`.
  var at: Int64
  var account: Int
  var project = 1
  var status: UInt16 = 200
  var key = 1
  var brand = ""
  var method = "GET"
  var path = "/v1/orders"
  var denial = DecisionCode.valid

  init(_ number: Int, at: Int64? = nil, account: Int = 1) {
    self.number = number
    self.at = at ?? Int64(number)
    self.account = account
  }

  var time: Timestamp { Self.midnight.adding(seconds: at) }
  var id: RequestID { RequestID(now: time, random: UInt128(number)) }
  static func account(_ number: Int) -> AccountID { AccountID(bits: UInt128(number) << 64 | 9) }
  static func key(_ number: Int) -> KeyID { KeyID(bits: UInt128(number) << 64 | 5) }
  static func project(_ number: Int) -> ProjectID { ProjectID(bits: UInt128(number) << 64 | 3) }

  var packed: [UInt8] {
    var (brand, method, path) = (brand, method, path)
    return brand.withUTF8 { brand in
      method.withUTF8 { method in
        path.withUTF8 { path in
          var fields = RecordFields()
          fields.id = id.bits
          fields.time = time
          fields.project = Self.project(project).bits
          fields.account = account == 0 ? 0 : Self.account(account).bits
          fields.key = Self.key(key).bits
          fields.status = status
          fields.denial = denial
          fields.brand = UnsafeRawBufferPointer(brand)
          fields.method = UnsafeRawBufferPointer(method)
          fields.path = UnsafeRawBufferPointer(path)
          return [UInt8](unsafeUninitializedCapacity: fields.packedSize) { buffer, count in
            count = fields.write(to: UnsafeMutableRawBufferPointer(buffer))
          }
        }
      }
    }
  }

  func fits(_ filter: RecordFilter) -> Bool {
    packed.withUnsafeBytes { bytes in
      PackedRecord(bytes).map { RecordMatcher(filter).fits($0) } ?? false
    }
  }
}

extension RecordLog {
  @discardableResult
  func append(_ entries: [Entry], durable: Bool = false) -> Int {
    entries.flatMap(\.packed).withUnsafeBytes { append($0, durable: durable) }
  }

  /// Everything that can be merged by `seconds` after midnight.
  func mergeAll(at seconds: Int64 = 0) throws {
    while try merge(now: Entry.midnight.adding(seconds: seconds)) {}
  }

  /// Ids of all pages, of `limit` records each.
  func ids(
    _ owner: RecordOwner, _ filter: RecordFilter = RecordFilter(), limit: Int = 50
  ) throws -> [RequestID] {
    var query = RecordQuery(owner: owner, filter: filter, limit: limit)
    var found: [RequestID] = []
    while true {
      let page = try page(query)
      #expect(page.records.count <= limit)
      found += page.records.map(\.id)
      guard let next = page.next else { return found }
      #expect(query.before.map { next < $0 } ?? true, "a cursor must go down")
      query.before = next
    }
  }
}

/// The same in memory, by looking at every entry.
func expected(
  _ entries: [Entry], _ owner: RecordOwner, _ filter: RecordFilter = RecordFilter()
) -> [RequestID] {
  entries.filter { entry in
    let bits =
      entry.account == 0 ? Entry.project(entry.project).bits : Entry.account(entry.account).bits
    return bits == owner.bits && entry.fits(filter)
  }.map(\.id).sorted(by: >)
}

struct EntrySource {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }

  /// Unlike in everything a filter can ask; times go up with some disorder.
  mutating func entry(_ number: Int, accounts: Int, spread: Int64 = 20) -> Entry {
    var entry = Entry(number, at: Int64(number) * spread + Int64(below(200)))
    entry.account = below(accounts + 1)
    entry.project = 1 + below(2)
    entry.status = [200, 200, 200, 201, 404, 429, 500][below(7)]
    entry.key = 1 + below(5)
    entry.brand = ["", "acme", "beta"][below(3)]
    entry.method = ["GET", "POST"][below(2)]
    entry.path = ["/v1/orders", "/v1/orders/\(number)", "/v2/x", "/é"][below(4)]
    entry.denial = [.valid, .valid, .rateLimited, .revoked][below(4)]
    return entry
  }
}
