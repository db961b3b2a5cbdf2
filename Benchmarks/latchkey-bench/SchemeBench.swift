// Nanoseconds per decision for each way of carrying a key, from the header fields to the verdict:
// what the schemes cost beside each other, and what routes and read-only access add.
import Crypto
import Glibc
import KeyModel
import Verification

struct SchemeBench {
  private struct Variant: Sendable {
    var name: String
    var scheme: CredentialScheme
    var edit: @Sendable (inout KeyRecord) -> Void = { _ in }
  }

  private static let variants = [
    Variant(name: "bearer", scheme: .bearer),
    Variant(name: "basic", scheme: .basic),
    Variant(name: "header", scheme: .header("X-Api-Key")),
    Variant(name: "header_pair", scheme: .headerPair(id: "X-Client-Id", secret: "X-Secret")),
    Variant(
      name: "authorization_pair",
      scheme: .authorizationPair(idHeader: "Client-Id", scheme: "apikey")),
    Variant(name: "bearer, read_only", scheme: .bearer) { $0.access = .readOnly },
    Variant(name: "bearer, three routes", scheme: .bearer) {
      $0.routes = ["/v1/orders/*", "/v1/people/*", "/v1/things/*"].map {
        RoutePattern(method: "GET", path: $0)
      }
    },
  ]

  static func run(decisions: Int) {
    for variant in variants {
      let figures = (0..<5).map { _ in measure(variant, decisions) }.sorted()
      print(
        "{\"bench\":\"scheme\",\"scheme\":\"\(variant.name)\",\"decisions\":\(decisions),"
          + "\"ns_median\":\(rounded(figures[2])),\"ns_min\":\(rounded(figures[0]))}")
    }
  }

  private static func measure(_ variant: Variant, _ decisions: Int) -> Double {
    let (verifier, fields) = furnish(variant)
    guard
      let project = Array("bench".utf8).withUnsafeBytes({ verifier.project(slug: $0) })
    else { preconditionFailure("no project") }
    let text = Array("GET/v1/things/7".utf8)
    return text.withUnsafeBytes { bytes in
      let call = Call(
        method: UnsafeRawBufferPointer(rebasing: bytes[..<3]),
        path: UnsafeRawBufferPointer(rebasing: bytes[3...]), query: nil,
        host: UnsafeRawBufferPointer(start: nil, count: 0), now: Timestamp(seconds: 1_800_000_000))
      var valid = 0
      let started = clockNanoseconds()
      for _ in 0..<decisions
      where verifier.decide(call, headers: fields, project: project).code == .valid { valid += 1 }
      let elapsed = clockNanoseconds() - started
      precondition(valid == decisions, "\(variant.name): \(decisions - valid) were not valid")
      return Double(elapsed) / Double(decisions)
    }
  }

  private static func furnish(_ variant: Variant) -> (Verifier, FlatFields) {
    let hasher = LookupHasher(pepperID: 1, pepper: [UInt8](repeating: 7, count: 32))
    let table = RecordTable(peppers: [hasher])
    var policy = Policy()
    policy.credential = variant.scheme
    let format = TokenFormat(prefix: "", form: policy.secret)
    var source = Splitter(state: 42)
    let token = format.generate(random: source.bytes(format.randomByteCount))
    let project = ProjectID(bits: 1)
    table.apply(
      .project(
        ProjectRecord(
          id: project, slug: "bench", policy: policy, upstream: nil, hosts: [],
          upstreamTimeoutSeconds: nil, assertionKey: [UInt8](repeating: 1, count: 32))),
      position: 1)
    table.apply(
      .account(
        AccountRecord(
          id: AccountID(bits: 1), projectID: project, clientID: "client", username: "user",
          brands: [], suspended: false)), position: 2)
    var key = KeyRecord(
      id: KeyID(bits: 1), projectID: project, accountID: AccountID(bits: 1),
      applicationID: ApplicationID(bits: 1), environment: "production",
      versions: [
        VersionRecord(
          id: VersionID(bits: 1), lookup: token.withUnsafeBytes { hasher.lookup(of: $0) },
          acceptedFrom: Timestamp(seconds: 0))
      ])
    if case .basic = variant.scheme { key.publicID = "PFK-1" }
    variant.edit(&key)
    table.apply(.key(key), position: 3)
    return (Verifier(table: table), FlatFields(carrying(variant.scheme, token)))
  }

  /// Beside the credential, what a usual client sends.
  private static func carrying(
    _ scheme: CredentialScheme, _ token: [UInt8]
  ) -> [(String, [UInt8])] {
    let usual = [("host", "api.test"), ("user-agent", "curl/8"), ("accept", "*/*")].map {
      ($0.0, Array($0.1.utf8))
    }
    let own: [(String, [UInt8])] =
      switch scheme {
      case .bearer: [("authorization", Array("Bearer ".utf8) + token)]
      case .basic: [("authorization", Array("Basic ".utf8) + base64(Array("PFK-1:".utf8) + token))]
      case .header(let name): [(name.lowercased(), token)]
      case .headerPair(let id, let secret):
        [(id.lowercased(), Array("client".utf8)), (secret.lowercased(), token)]
      case .authorizationPair(let id, let name):
        [
          (id.lowercased(), Array("client".utf8)),
          ("authorization", Array("\(name) user:".utf8) + token),
        ]
      }
    return usual + own
  }

  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return stride(from: 0, to: bytes.count, by: 3).flatMap { start -> [UInt8] in
      let part = bytes[start..<min(start + 3, bytes.count)]
      let group = (0..<3).reduce(0) { $0 << 8 | ($1 < part.count ? Int(part[start + $1]) : 0) }
      return (0..<4).map {
        $0 > part.count ? UInt8(ascii: "=") : digits[group >> (18 - 6 * $0) & 63]
      }
    }
  }
}

/// Header fields in memory of their own.
private final class FlatFields: HeaderSource {
  private let fields: [(name: [UInt8], value: UnsafeMutableRawBufferPointer)]

  init(_ fields: [(String, [UInt8])]) {
    self.fields = fields.map { name, value in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: value.count, alignment: 8)
      memory.copyBytes(from: value)
      return (Array(name.utf8), memory)
    }
  }

  deinit { for field in fields { field.value.deallocate() } }

  func forEach(header lowercaseName: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    for field in fields where field.name == lowercaseName {
      body(UnsafeRawBufferPointer(field.value))
    }
  }

  func contains(
    valueBeside names: [[UInt8]], lengths: ClosedRange<Int>,
    where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    for field in fields where lengths.contains(field.value.count) && !names.contains(field.name) {
      if passes(UnsafeRawBufferPointer(field.value)) { return true }
    }
    return false
  }
}
