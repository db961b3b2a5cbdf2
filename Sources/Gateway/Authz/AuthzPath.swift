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

  /// True where the query holds `mode=nginx`, spelled exactly so.
  static func isNginxMode(_ query: UnsafeRawBufferPointer?) -> Bool {
    guard let query else { return false }
    var rest = query[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
      if ByteText.equal(UnsafeRawBufferPointer(rebasing: rest[..<end]), "mode=nginx") {
        return true
      }
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
    }
    return false
  }
}
