// A small world for the data plane's tests: projects, accounts and keys with known tokens.
import Crypto
import KeyModel
import Verification

/// Headers as a list of (lower-case name, value), in memory that lives as long as this.
final class Headers: HeaderSource {
  private let fields: [(name: [UInt8], value: UnsafeMutableRawBufferPointer)]

  init(_ fields: [(name: String, value: String)]) {
    self.fields = fields.map { name, value in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: value.utf8.count, alignment: 1)
      memory.copyBytes(from: value.utf8)
      return (Array(name.utf8), memory)
    }
  }

  deinit { for field in fields { field.value.deallocate() } }

  static func bearer(_ token: String) -> Headers { Headers([("authorization", "Bearer \(token)")]) }

  func forEach(header lowercaseName: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    for field in fields where field.name == lowercaseName {
      body(UnsafeRawBufferPointer(field.value))
    }
  }

  func contains(
    valueBeside names: [[UInt8]], lengths: ClosedRange<Int>,
    where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    fields.contains {
      lengths.contains($0.value.count) && !names.contains($0.name)
        && passes(UnsafeRawBufferPointer($0.value))
    }
  }
}

/// Builds records with running numbers for ids, so that every run is the same.
final class World {
  let table: RecordTable
  let verifier: Verifier
  let hasher: LookupHasher
  var now = Timestamp(seconds: 1_800_000_000)
  private(set) var position: Int64 = 0
  private var counter: UInt128 = 1 << 90
  private var random = Seeded(state: 7)

  init() {
    hasher = LookupHasher(pepperID: 1, pepper: [UInt8](repeating: 9, count: 32))
    table = RecordTable(peppers: [hasher])
    verifier = Verifier(table: table)
  }

  func apply(_ change: RecordChange) {
    position += 1
    table.apply(change, position: position)
  }

  func nextBits() -> UInt128 {
    counter += 1
    return counter << 8 | 1
  }

  func project(
    _ policy: Policy = Policy(), slug: String = "demo", hosts: [String] = []
  ) -> ProjectRecord {
    let project = ProjectRecord(
      id: ProjectID(bits: nextBits()), slug: slug, policy: policy, upstream: nil, hosts: hosts,
      upstreamTimeoutSeconds: nil, assertionKey: [UInt8](repeating: 1, count: 32))
    apply(.project(project))
    return project
  }

  func account(
    of project: ProjectRecord, suspended: Bool = false, brands: [String] = []
  ) -> AccountRecord {
    let account = AccountRecord(
      id: AccountID(bits: nextBits()), projectID: project.id, clientID: "client-\(counter)",
      username: "user-\(counter)", brands: brands, suspended: suspended)
    apply(.account(account))
    return account
  }

  /// A fresh token of the environment's form.
  func token(_ policy: Policy, environment: Int = 0, kind: KeyKind = .secret) -> String {
    let place = policy.environments[environment]
    let prefix = kind == .secret ? place.secretPrefix : place.publishablePrefix
    let form = TokenFormat(prefix: prefix, form: policy.secret)
    let bytes = (0..<128).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return String(
      decoding: form.generate(random: bytes.prefix(form.randomByteCount)), as: UTF8.self)
  }

  func key(
    _ account: AccountRecord, tokens: [String], environment: String = "production",
    edit: (inout KeyRecord) -> Void = { _ in }
  ) -> KeyRecord {
    var key = KeyRecord(
      id: KeyID(bits: nextBits()), projectID: account.projectID, accountID: account.id,
      applicationID: ApplicationID(bits: nextBits()), environment: environment,
      versions: tokens.map(version))
    edit(&key)
    apply(.key(key))
    return key
  }

  func version(_ token: String) -> VersionRecord {
    VersionRecord(
      id: VersionID(bits: nextBits()),
      lookup: Array(token.utf8).withUnsafeBytes { hasher.lookup(of: $0) },
      acceptedFrom: Timestamp(seconds: 0))
  }

  func decide(
    _ headers: Headers, method: String = "GET", path: String = "/v1/things", query: String? = nil,
    host: String = "", project slug: String = "demo"
  ) -> Decision? {
    let bytes = [method, path, query ?? "", host, slug].map { Array($0.utf8) }
    return bytes[0].withUnsafeBytes { method in
      bytes[1].withUnsafeBytes { path in
        bytes[2].withUnsafeBytes { queryBytes in
          bytes[3].withUnsafeBytes { host in
            bytes[4].withUnsafeBytes { slug in
              guard let project = verifier.project(slug: slug) else { return nil }
              let call = Call(
                method: method, path: path, query: query == nil ? nil : queryBytes, host: host,
                now: now)
              return verifier.decide(call, headers: headers, project: project)
            }
          }
        }
      }
    }
  }
}

/// SplitMix64.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Base 64 with padding, for Basic credentials.
enum Base64Text {
  static func encode(_ text: String) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var out = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let padded = Array(part) + [UInt8](repeating: 0, count: 3 - part.count)
      let group = padded.reduce(0) { $0 << 8 | Int($1) }
      for at in 0..<4 {
        out.append(at > part.count ? "=" : digits[group >> (18 - 6 * at) & 63])
      }
    }
    return out
  }
}
