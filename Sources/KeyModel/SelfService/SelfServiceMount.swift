// Which paths of the gateway belong to the self-service API. Whatever some upstream may read as
// such a path belongs to it too, so that nothing below the mount is ever sent on.

package struct SelfServiceMount: Sendable {
  package enum Place: Sendable, Hashable {
    /// Not below the mount, however it is read.
    case elsewhere
    case root
    case reset
    /// One key, by the id as it stands in the path, decoded.
    case key(String)
    /// Below the mount, and nothing is there.
    case unknown
    /// Could be read in two ways, one of them at or below the mount.
    case ambiguous
  }

  private let mounts: [[UInt8]]
  private let hasReset: Bool

  /// Nil where the policy has no self-service API.
  package init?(_ policy: Policy) {
    guard let service = policy.selfService else { return nil }
    let prefixes = [""] + policy.environments.compactMap(\.pathPrefix)
    mounts = prefixes.map { Array(($0 + service.path).utf8) }
    hasReset = service.reset != nil
  }

  /// - Parameter path: up to the question mark, percent-encoding untouched.
  package func place(of path: UnsafeRawBufferPointer) -> Place {
    if let mount = mounts.first(where: { Self.isBelow(path, $0) }) {
      guard PathGuard.isUnambiguous(path) else { return .ambiguous }
      return place(below: UnsafeRawBufferPointer(rebasing: path[mount.count...]))
    }
    return Self.mayHide(path) && hidesMount(path) ? .ambiguous : .elsewhere
  }

  /// - Parameter rest: empty, or from a slash on. One slash at the end changes nothing.
  private func place(below rest: UnsafeRawBufferPointer) -> Place {
    var segment = rest.dropFirst()
    if segment.last == UInt8(ascii: "/") { segment = segment.dropLast() }
    if segment.isEmpty { return .root }
    if segment.contains(UInt8(ascii: "/")) { return .unknown }
    if hasReset, segment.elementsEqual("reset".utf8) { return .reset }
    let bytes = Percent.decoded(UnsafeRawBufferPointer(rebasing: segment))
    return String(validating: bytes, as: UTF8.self).map(Place.key) ?? .unknown
  }

  private static func isBelow(_ path: some Collection<UInt8>, _ mount: [UInt8]) -> Bool {
    guard path.starts(with: mount) else { return false }
    let rest = path.dropFirst(mount.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/") || rest.first == UInt8(ascii: ";")
  }

  // MARK: Other readings

  /// False for nearly every path: it can be read in one way only.
  private static func mayHide(_ path: UnsafeRawBufferPointer) -> Bool {
    var last: UInt8 = 0
    for byte in path {
      switch byte {
      case UInt8(ascii: "%"), UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "#"):
        return true
      case UInt8(ascii: "."), UInt8(ascii: "/"):
        if last == UInt8(ascii: "/") { return true }
      default: break
      }
      last = byte
    }
    return false
  }

  /// True where the path, its encodings undone as often as they were done, is at or below a mount
  /// with or without its dot segments followed; and where they were done more often than anybody
  /// means.
  private func hidesMount(_ path: UnsafeRawBufferPointer) -> Bool {
    var bytes = Array(path)
    for _ in 0..<4 {
      for followsDots in [true, false] {
        let plain = Self.plain(bytes, followsDots: followsDots)
        if mounts.contains(where: { Self.isBelow(plain, $0) }) { return true }
      }
      let next = bytes.withUnsafeBytes(Percent.decoded)
      if next.count == bytes.count { return false }
      bytes = next
    }
    return true
  }

  /// Without empty segments and parameters, backslashes as slashes, up to what begins a fragment
  /// or a query once it is decoded.
  private static func plain(_ path: [UInt8], followsDots: Bool) -> [UInt8] {
    let end = path.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    var segments: [ArraySlice<UInt8>] = []
    for part in path[..<(end ?? path.endIndex)].split(whereSeparator: {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
    }) {
      let name = part.prefix { $0 != UInt8(ascii: ";") }
      if name.isEmpty || name.elementsEqual(".".utf8) { continue }
      if followsDots, name.elementsEqual("..".utf8) {
        _ = segments.popLast()
      } else {
        segments.append(name)
      }
    }
    return segments.flatMap { [UInt8(ascii: "/")] + $0 }
  }
}
