// What a project may name as its upstream and as its hosts. It must not resolve or connect.

package enum UpstreamURL {
  /// `http(s)://host[:port][/prefix]`, printable ASCII, no user, query or fragment.
  package static func isValid(_ text: String) -> Bool {
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      return false
    }
    let lower = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else {
      return false
    }
    let rest = text.dropFirst(scheme.count)
    let forbidden: Set<Character> = ["?", "#", "@", "\\", "\"", "<", ">", "`", "{", "|", "}", "^"]
    guard !rest.contains(where: forbidden.contains) else { return false }
    return isAuthority(rest.prefix { $0 != "/" })
  }

  private static func isAuthority(_ text: Substring) -> Bool {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return false }
      let address = text[text.index(after: text.startIndex)..<end]
      let isAddress =
        address.contains(":")
        && address.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
      let port = text[text.index(after: end)...]
      return isAddress && (port.isEmpty || port.hasPrefix(":") && isPort(port.dropFirst()))
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let host = parts.first, isHostName(host.lowercased()) else { return false }
    return parts.count == 1 || isPort(parts[1])
  }

  private static func isPort(_ text: Substring) -> Bool {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text) else {
      return false
    }
    return (1...65535).contains(port)
  }

  /// Lower-case name or IPv4 address, no port, 1 to 253 characters.
  package static func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
        }
    }
  }
}
