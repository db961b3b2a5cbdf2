// Taking `/v1/authz/{project}` apart. Some proxies append the original path to it.

struct AuthzPath {
  let slug: UnsafeRawBufferPointer
  /// Begins with a slash; nil where the path ends with the project.
  let original: UnsafeRawBufferPointer?

  /// Nil for every other path.
  init?(_ path: UnsafeRawBufferPointer) {
    let prefix: StaticString = "/v1/authz/"
    let start = prefix.utf8CodeUnitCount
    guard path.count > start,
      ByteText.equal(UnsafeRawBufferPointer(rebasing: path[..<start]), prefix)
    else { return nil }
    let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
    guard end > start else { return nil }
    slug = UnsafeRawBufferPointer(rebasing: path[start..<end])
    original = end < path.count ? UnsafeRawBufferPointer(rebasing: path[end...]) : nil
  }

  /// How the asking proxy wants to be answered; nil where the query names a mode that there is
  /// none of, or more than one. Other parameters say nothing.
  static func mode(_ query: UnsafeRawBufferPointer?) -> DenialMode? {
    var mode = DenialMode.plain
    var isNamed = false
    for field in fields(of: query) {
      let field = UnsafeRawBufferPointer(rebasing: field)
      let isMode = ByteText.equal(field, "mode")
      guard isMode || field.starts(with: "mode=".utf8) else { continue }
      if isNamed || !ByteText.equal(field, "mode=nginx") { return nil }
      isNamed = true
      mode = .nginx
    }
    return mode
  }

  /// How long the asker wants to hold a slot; nil where it does not say, 0 where what it says makes
  /// no sense.
  static func leaseSeconds(_ query: UnsafeRawBufferPointer?) -> Int64? {
    let name = "lease_seconds="
    var seconds: Int64?
    for field in fields(of: query) where field.starts(with: name.utf8) {
      let digits = field.dropFirst(name.utf8.count)
      guard seconds == nil, (1...4).contains(digits.count),
        digits.allSatisfy({ $0 &- 0x30 < 10 })
      else { return 0 }
      seconds = digits.reduce(0) { $0 * 10 + Int64($1 &- 0x30) }
    }
    return seconds
  }

  private static func fields(
    of query: UnsafeRawBufferPointer?
  ) -> [Slice<UnsafeRawBufferPointer>] {
    query?.split(separator: UInt8(ascii: "&")) ?? []
  }
}
