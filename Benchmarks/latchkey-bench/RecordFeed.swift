// Request records by the million, as a ring would hand them over: packed, of many accounts or of
// one, nearly in the order of their ids.
import KeyModel

struct RecordFeed {
  static let start = Timestamp(seconds: 1_750_032_000)
  /// Calls that are under way at once end in another order than they began.
  private static let disorder: Int64 = 20_000

  let accounts: Int
  /// Microseconds between calls: 10 million stay within a day.
  private let interval: Int64 = 4_000
  private let begin: Int64
  private var number = 0
  private var random: UInt64 = 1
  private var buffer: UnsafeMutableRawBufferPointer
  private let paths = [
    "/v1/orders", "/v1/orders/{}", "/v1/customers/{}/documents", "/v1/search", "/v2/reports/{}",
  ]
  private let agents = [
    "python-requests/2.31.0", "okhttp/4.12.0", "axios/1.6.7",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  ]

  init(accounts: Int, daysLater: Int64 = 0) {
    self.accounts = accounts
    begin = Self.start.microseconds + daysLater * 86_400_000_000
    buffer = .allocate(byteCount: 64 << 20, alignment: 16)
  }

  func deallocate() { buffer.deallocate() }

  static func account(_ number: Int) -> AccountID {
    AccountID(now: start, random: UInt128(number) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Record `rare` of all has status 599 and a path of its own.
  static let rare = 4_321_000

  private mutating func draw(_ limit: UInt64) -> UInt64 {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (random >> 33) % limit
  }

  mutating func batch(_ count: Int) -> UnsafeRawBufferPointer {
    var used = 0
    for _ in 0..<count {
      used += write(to: UnsafeMutableRawBufferPointer(rebasing: buffer[used...]))
    }
    return UnsafeRawBufferPointer(rebasing: buffer[..<used])
  }

  private mutating func write(to out: UnsafeMutableRawBufferPointer) -> Int {
    number += 1
    let late = Int64(draw(UInt64(Self.disorder)))
    let time = Timestamp(
      microseconds: begin + Int64(number) * interval + late)
    let account = Self.account(Int(draw(UInt64(accounts))))
    let which = draw(100)
    let isRare = number == Self.rare
    var fields = RecordFields()
    fields.id = RequestID(now: time, random: UInt128(number) << 16 | UInt128(draw(65_536))).bits
    fields.time = time
    fields.project = 1 << 100
    fields.account = account.bits
    fields.key = account.bits &+ 1 &+ UInt128(draw(4))
    fields.version = fields.key &+ 7
    fields.application = account.bits &+ 3
    fields.addressLow = 0xffff_0a00_0000 | draw(1 << 16)
    fields.status = isRare ? 599 : which < 94 ? 200 : which < 98 ? 404 : which < 99 ? 429 : 500
    fields.denial = which == 98 ? .rateLimited : .valid
    fields.latency = Int64(draw(200_000))
    fields.upstreamLatency = Int64(draw(190_000))
    fields.bytesIn = draw(2_000)
    fields.bytesOut = draw(40_000)
    let parts = paths[isRare ? 0 : Int(draw(5))].split(
      separator: "{}", omittingEmptySubsequences: false)
    var path = isRare ? "/rare/place" : parts.joined(separator: "\(10_000 + draw(90_000))")
    var (environment, method) = ("production", which % 4 == 0 ? "POST" : "GET")
    var agent = agents[Int(draw(4))]
    // One in two hundred thousand.
    if number % 200_000 == 77 {
      path = "/v3/seldom/\(number)"
      method = "DELETE"
    }
    return environment.withUTF8 { environment in
      method.withUTF8 { method in
        path.withUTF8 { path in
          agent.withUTF8 { agent in
            fields.environment = UnsafeRawBufferPointer(environment)
            fields.method = UnsafeRawBufferPointer(method)
            fields.path = UnsafeRawBufferPointer(path)
            fields.userAgent = UnsafeRawBufferPointer(agent)
            return fields.write(to: out)
          }
        }
      }
    }
  }
}
