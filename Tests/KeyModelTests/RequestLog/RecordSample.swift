// Records for the cases of the request log, made of numbers and texts.
import KeyModel

struct RecordSample {
  var fields = RecordFields()
  var environment = Array("production".utf8)
  var brand: [UInt8] = []
  var method = Array("GET".utf8)
  var path = Array("/v1/orders/17".utf8)
  var agent = Array("curl/8.5.0".utf8)
  var headers: [UInt8] = []

  init(_ number: Int = 1, account: UInt128 = 7, time: Timestamp = Timestamp(seconds: 1_750_000_000))
  {
    fields.id = RequestID(now: time, random: UInt128(number)).bits
    fields.time = time
    fields.project = 5
    fields.account = account
    fields.key = 11
    fields.version = 12
    fields.application = 13
    fields.addressLow = 0xffff_7f00_0001
    fields.status = 200
    fields.latency = 1_234
    fields.upstreamLatency = 1_000
    fields.bytesIn = 10
    fields.bytesOut = 2_000
  }

  func withFields<R>(_ body: (RecordFields) -> R) -> R {
    environment.withUnsafeBytes { environment in
      brand.withUnsafeBytes { brand in
        method.withUnsafeBytes { method in
          path.withUnsafeBytes { path in
            agent.withUnsafeBytes { agent in
              headers.withUnsafeBytes { headers in
                var whole = fields
                whole.environment = environment
                whole.brand = brand
                whole.method = method
                whole.path = path
                whole.userAgent = agent
                whole.headers = headers
                return body(whole)
              }
            }
          }
        }
      }
    }
  }

  var packed: [UInt8] {
    withFields { fields in
      [UInt8](unsafeUninitializedCapacity: fields.packedSize) { buffer, count in
        count = fields.write(to: UnsafeMutableRawBufferPointer(buffer))
      }
    }
  }

  var value: RequestRecord? { Self.read(packed) }

  static func read(_ bytes: [UInt8]) -> RequestRecord? {
    bytes.withUnsafeBytes { PackedRecord($0).map { RequestRecord($0) } }
  }

  func fits(_ filter: RecordFilter) -> Bool {
    packed.withUnsafeBytes { bytes in
      PackedRecord(bytes).map { RecordMatcher(filter).fits($0) } ?? false
    }
  }
}
