// The URLs that deliveries go to, read so narrowly that no two parsers can differ about them. Must
// not resolve names: whether an address is called is AddressGuard's to say.
package import HTTPServer

/// `https://host[:port][/path][?query]` and nothing else.
package struct EndpointURL: Sendable, Hashable {
  /// The URL as it was written.
  package let text: String
  /// A name, or an address without its brackets.
  package let host: String
  package let port: UInt16
  /// Where the host is an address.
  package let literal: IPAddress?

  /// - Throws: a sentence, for whoever wrote the URL, that says what is wrong with it.
  package static func read(
    _ text: String, _ addresses: AddressGuard
  ) throws(EndpointURLFault) -> EndpointURL {
    let url = try EndpointURL(text)
    if let literal = url.literal, !addresses.isAllowed(literal) {
      throw EndpointURLFault("Write a name: addresses are called where the operator allows them.")
    }
    guard !addresses.allow.isEmpty || AddressGuard.publicPorts.contains(url.port) else {
      throw EndpointURLFault("The port must be 443 or 8443.")
    }
    return url
  }

  /// By its form alone.
  init(_ text: String) throws(EndpointURLFault) {
    guard text.utf8.count <= 2048 else {
      throw EndpointURLFault("A URL has at most 2048 bytes.")
    }
    guard text.utf8.allSatisfy(Self.isPlain) else {
      throw EndpointURLFault(
        "A URL is plain ASCII without blanks, backslashes, quotes and brackets; names with other"
          + " letters are written in their xn-- form.")
    }
    guard text.utf8.count > 8, text.prefix(8).lowercased() == "https://" else {
      throw EndpointURLFault("A URL begins with https://.")
    }
    let rest = text.dropFirst(8)
    guard !rest.contains("#") else { throw EndpointURLFault("A URL has no fragment.") }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else {
      throw EndpointURLFault("A URL holds no user name and no password.")
    }
    let (host, port) = try Self.split(authority)
    self.text = text
    self.host = String(host)
    self.port = port
    literal = try Self.literal(host, bracketed: authority.hasPrefix("["))
  }

  private static func split(
    _ authority: Substring
  ) throws(EndpointURLFault) -> (host: Substring, port: UInt16) {
    var host = authority
    var port: Substring?
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw badHost }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { throw badHost }
      if !tail.isEmpty { port = tail.dropFirst() }
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    guard let port else { return (host, 443) }
    guard port.first != "0", port.utf8.count <= 5, port.utf8.allSatisfy(isDigit),
      let number = UInt16(port)
    else { throw EndpointURLFault("The port must be a number from 1 to 65535.") }
    return (host, number)
  }

  private static func literal(
    _ host: Substring, bracketed: Bool
  ) throws(EndpointURLFault) -> IPAddress? {
    if bracketed {
      guard host.contains(":"), let address = IPAddress(String(host)) else { throw badHost }
      return address
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard host.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else {
      throw badHost
    }
    guard isNumber(last) else { return nil }
    guard let address = IPAddress(String(host)) else {
      throw EndpointURLFault("An IPv4 address is written as four decimal numbers.")
    }
    return address
  }

  private static var badHost: EndpointURLFault {
    EndpointURLFault("The host must be a name of letters, digits, hyphens and dots.")
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
      && label.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
  }

  /// What some resolvers read as a part of an IPv4 address: digits, or hexadecimal after `0x`.
  private static func isNumber(_ label: Substring) -> Bool {
    if label.utf8.allSatisfy(isDigit) { return true }
    guard label.prefix(2).lowercased() == "0x" else { return false }
    return label.dropFirst(2).allSatisfy(\.isHexDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    guard byte > 0x20, byte < 0x7f else { return false }
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"),
      UInt8(ascii: "}"):
      return false
    default: return true
    }
  }
}

package struct EndpointURLFault: Error, Hashable, Sendable {
  /// One sentence.
  package let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}
