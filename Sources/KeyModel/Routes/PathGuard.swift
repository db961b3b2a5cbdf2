// Tells raw paths that every server reads alike from those that a proxy and an upstream may read
// in two ways. Wherever a route decides, the latter are refused.

package enum PathGuard {
  /// False for a path that does not begin with a slash, or holds an empty, `.` or `..` segment, a
  /// `;`, a backslash, a `#`, a space or control character, a broken percent-encoding, or one of a
  /// control, of `/ \ ; %`, or of a character that needs none (`%2e`, `%61`): an upstream may undo
  /// what a pattern did not.
  package static func isUnambiguous(_ path: UnsafeRawBufferPointer) -> Bool {
    guard path.first == UInt8(ascii: "/") else { return false }
    var at = 1
    var segment = 1
    while at <= path.count {
      if at == path.count || path[at] == UInt8(ascii: "/") {
        guard isPlain(path, segment..<at) else { return false }
        segment = at + 1
        at += 1
      } else {
        let length = length(of: path, at: at)
        guard length > 0 else { return false }
        at += length
      }
    }
    return true
  }

  package static func isUnambiguous(_ path: String) -> Bool {
    var path = path
    return path.withUTF8 { isUnambiguous(UnsafeRawBufferPointer($0)) }
  }

  /// True where some reader may take a segment for `.` or `..`: percent-encoded ones, those before
  /// a backslash and those with a parameter (`..;x`) count too.
  package static func hasDotSegment(_ path: UnsafeRawBufferPointer) -> Bool {
    var dots = 0
    var isName = false
    var at = 0
    while at < path.count {
      let decoded = path[at] == UInt8(ascii: "%") ? Percent.decode(path, at: at) : nil
      switch decoded ?? path[at] {
      case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ";"):
        if !isName, dots == 1 || dots == 2 { return true }
        dots = 0
        isName = decoded ?? path[at] == UInt8(ascii: ";")
      case UInt8(ascii: "."): dots += 1
      default: isName = true
      }
      at += decoded == nil ? 1 : 3
    }
    return !isName && (dots == 1 || dots == 2)
  }

  /// Only the last segment may be empty: `/v1/` has one.
  private static func isPlain(_ path: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    switch range.count {
    case 0: range.upperBound == path.count
    case 1: path[range.lowerBound] != UInt8(ascii: ".")
    case 2: !path[range].elementsEqual("..".utf8)
    default: true
    }
  }

  private static let refusedEncoded = ByteSet(
    ByteSet.digits + ByteSet.lowerCase + ByteSet.upperCase + "-._~/\\;%\u{7F}")

  /// Bytes of the character at an index; 0 where it is one that must not be there.
  private static func length(of path: UnsafeRawBufferPointer, at: Int) -> Int {
    switch path[at] {
    case 0...0x20, 0x7F, UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "#"): return 0
    case UInt8(ascii: "%"):
      guard let byte = Percent.decode(path, at: at), byte > 0x1F, !refusedEncoded.contains(byte)
      else { return 0 }
      return 3
    default: return 1
    }
  }
}
