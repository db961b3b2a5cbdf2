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
    for field in (query ?? UnsafeRawBufferPointer(start: nil, count: 0)).split(
      separator: UInt8(ascii: "&"))
    {
      let field = UnsafeRawBufferPointer(rebasing: field)
      let isMode = ByteText.equal(field, "mode")
      guard isMode || field.starts(with: "mode=".utf8) else { continue }
      if isNamed || !ByteText.equal(field, "mode=nginx") { return nil }
      isNamed = true
      mode = .nginx
    }
    return mode
  }
}
