// A project's upstream URL, taken apart once.
import HTTPServer

final class UpstreamPlan {
  let target: UpstreamTarget
  /// For the Host field: with the port only where it is not the scheme's own.
  let authority: [UInt8]
  /// Put before every path; empty, or begins with a slash and has none at its end.
  let prefix: [UInt8]

  /// Nil unless the text is `http(s)://host[:port][/prefix]`.
  init?(_ url: String) {
    let scheme = url.prefix(8).lowercased()
    let isTLS = scheme == "https://"
    guard isTLS || scheme.hasPrefix("http://") else { return nil }
    let rest = url.dropFirst(isTLS ? 8 : 7)
    guard !rest.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || "?#@\\".utf8.contains($0) })
    else { return nil }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let (host, port) = Self.split(authority: rest[..<slash]) else { return nil }
    let standard: UInt16 = isTLS ? 443 : 80
    target = UpstreamTarget(
      host: String(host.filter { $0 != "[" && $0 != "]" }), port: port ?? standard, tls: isTLS)
    let shown = port.flatMap { $0 == standard ? nil : ":\($0)" } ?? ""
    authority = Array((host + shown).utf8)
    var path = rest[slash...]
    while path.last == "/" { path.removeLast() }
    prefix = Array(path.utf8)
  }

  private static func split(authority: Substring) -> (host: Substring, port: UInt16?)? {
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[end...].firstIndex(of: ":") else {
      return authority.isEmpty ? nil : (authority, nil)
    }
    let digits = authority[authority.index(after: colon)...]
    guard colon > authority.startIndex, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      let port = UInt16(digits), port > 0
    else { return nil }
    return (authority[..<colon], port)
  }
}
