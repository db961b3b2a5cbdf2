// Request targets that do not begin with a slash. Must leave every target that it accepts in origin
// form, or as the `*` of OPTIONS.

enum TargetForm {
  static func normalise(
    _ base: BytePointer, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Refusal? {
    let method = head.pointee.method
    let name = base + Int(method.start)
    if Byte.equal(name, Int(method.length), "connect") { return .method }
    let target = head.pointee.target.bytes(base)
    if target.count == 1, target[0] == Byte.asterisk {
      return Byte.equal(name, Int(method.length), "options") ? nil : .target
    }
    return cutToOrigin(base, head)
  }

  /// `http://host/path` counts only where `host` is what Host says, so that nobody on the way can
  /// read another host than we do.
  private static func cutToOrigin(
    _ base: BytePointer, _ head: UnsafeMutablePointer<HeadIndex>
  ) -> Refusal? {
    let start = Int(head.pointee.target.start)
    let end = start + Int(head.pointee.target.length)
    guard let scheme = schemeLength(base + start, end - start) else { return .target }
    let authorityStart = start + scheme
    var slash = authorityStart
    while slash < end, base[slash] != Byte.slash, base[slash] != Byte.question { slash += 1 }
    guard slash < end, base[slash] == Byte.slash else { return .target }
    let authority = head.pointee.authority
    guard slash - authorityStart == Int(authority.length), authority.length > 0 else {
      return .target
    }
    for offset in 0..<Int(authority.length) {
      let byte = base[Int(authority.start) + offset]
      guard Byte.lowercase(base[authorityStart + offset]) == Byte.lowercase(byte) else {
        return .target
      }
    }
    let dropped = UInt32(slash - start)
    guard head.pointee.pathLength > dropped else { return .target }
    head.pointee.target = Span32(slash, end)
    head.pointee.pathLength -= dropped
    head.pointee.flags.insert(.absoluteForm)
    return nil
  }

  private static func schemeLength(_ base: BytePointer, _ count: Int) -> Int? {
    if count > 7, Byte.equal(base, 7, "http://") { return 7 }
    if count > 8, Byte.equal(base, 8, "https://") { return 8 }
    return nil
  }
}
