// When two spellings of a URL are one endpoint: RFC 3986 §6.2.2 and §6.2.3, without asking anybody.
// For comparing only: what is called and shown is the URL as its owner wrote it.
internal import HTTPServer
internal import KeyModel

/// Equal for URLs that differ in spelling alone.
package struct EndpointIdentity: Hashable, Sendable {
  private let normal: String

  /// A text that is no endpoint's URL is only itself.
  package init(_ text: String) {
    guard let url = try? EndpointURL(text) else {
      normal = text
      return
    }
    let rest = url.text.dropFirst(8).drop { $0 != "/" && $0 != "?" }
    let path = rest.prefix { $0 != "?" }
    let query = rest.dropFirst(path.count + 1)
    let host = url.literal?.text ?? url.host.lowercased()
    normal =
      "https://\(host) \(url.port)" + Self.withoutDots(Self.decoded(path))
      + (query.isEmpty ? "" : "?" + Self.decoded(query))
  }

  /// Without escapes of what needs none, the others in capitals.
  private static func decoded(_ text: Substring) -> String {
    let bytes = Array(text.utf8)
    var plain: [UInt8] = []
    bytes.withUnsafeBytes { bytes in
      var at = 0
      while at < bytes.count {
        guard bytes[at] == UInt8(ascii: "%"), let byte = Percent.decode(bytes, at: at) else {
          plain.append(bytes[at])
          at += 1
          continue
        }
        if ByteSet.unreserved.contains(byte) {
          plain.append(byte)
        } else {
          plain += Array(("%" + Hex.encode([byte]).uppercased()).utf8)
        }
        at += 3
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }

  /// RFC 3986 §5.2.4 for a path that begins with a slash; an empty one is `/`.
  private static func withoutDots(_ path: String) -> String {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    var kept: [Substring] = []
    for segment in segments {
      switch segment {
      case ".": continue
      case "..": _ = kept.popLast()
      default: kept.append(segment)
      }
    }
    // A dot at the end stands for the folder.
    if let last = segments.last, last == "." || last == ".." { kept.append("") }
    return "/" + kept.joined(separator: "/")
  }
}
