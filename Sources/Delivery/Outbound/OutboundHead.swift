// Which headers a caller may add to an outgoing request. What frames the message is the
// transport's, and nothing may smuggle a line into it.

enum OutboundHead {
  private static let framing: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer",
    "upgrade", "proxy-authorization",
  ]

  static func isSendable(_ headers: [(name: String, value: String)]) -> Bool {
    headers.allSatisfy { name, value in
      !name.isEmpty && name.utf8.allSatisfy(isNameByte) && !framing.contains(name.lowercased())
        && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
