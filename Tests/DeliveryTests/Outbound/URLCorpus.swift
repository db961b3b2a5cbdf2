// URLs that somebody might give to have this server call itself, its neighbours or nobody: each is
// refused before a byte leaves, whatever listens at `port`.

enum URLCorpus {
  static func hostile(port: UInt16) -> [String] {
    spellings.map { "https://\($0):\(port)/" } + forms(port)
  }

  /// Loopback and metadata in every spelling that some parser takes for an address, and names.
  static let spellings: [String] =
    HostileAddresses.ipv4.flatMap { [$0] + numbers($0) }
    + HostileAddresses.ipv6.map { "[\($0)]" }
    + HostileAddresses.ipv4.prefix(9).flatMap(HostileAddresses.hidden).map { "[\($0)]" }
    + [
      "127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1", "0177.1", "0177.0.0.01", "00", "0.0",
      "1", "127.0.0.1.", "127.0.0.1..", "127.0.0.256", "127.0.0", "127.0.0.1.1", "127.0.0.0x1",
      "127.0.0.01", "0127.0.0.1", "127.000.000.001", "4294967297", "18446744073709551617",
      "[::1%lo]", "[::1%25lo]", "[fe80::1%eth0]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[0::1]",
      "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[::ffff:0x7f.1]", "[::1", "::1", "[]", "[v1.x]",
      "[127.0.0.1]", "[::1]x", "[localhost]",
      "localhost", "LOCALHOST", "LocalHost", "localhost.", "localhost..", "ip6-localhost",
      "localhost.localdomain", ".localhost", "local..host", "-a.test", "a-.test", "",
      "\u{FF11}\u{FF12}\u{FF17}.0.0.1", "127\u{3002}0\u{3002}0\u{3002}1", "\u{24DB}ocalhost",
      "loc\u{00AD}alhost", "127.0.0.1\u{0000}.example.com", "127.0.0.1%00.example.com",
      "127%2e0%2e0%2e1", "%6c%6f%63%61%6c%68%6f%73%74", "local%68ost", "127.0.0.1%2f", "a_b.test",
      "user@127.0.0.1", "user:secret@127.0.0.1", "@127.0.0.1", ":@127.0.0.1", "a@b@127.0.0.1",
      "example.com@127.0.0.1", "example.com%40127.0.0.1", "127.0.0.1\\@example.com",
      "example.com\\@127.0.0.1", "example.com\t@127.0.0.1", "127.0.0.1 .example.com",
      String(repeating: "a", count: 64) + ".test", String(repeating: "a.", count: 130) + "test",
    ]

  /// Decimal, hexadecimal, octal and mixed spellings of an IPv4 address.
  private static func numbers(_ address: String) -> [String] {
    let bytes = address.split(separator: ".").compactMap { UInt32($0) }
    let value = bytes.reduce(0) { $0 << 8 | $1 }
    let octal = bytes.map { "0" + String($0, radix: 8) }.joined(separator: ".")
    let hex = bytes.map { "0x" + String($0, radix: 16) }.joined(separator: ".")
    return [String(value), "0x" + String(value, radix: 16), octal, hex]
  }

  /// Other schemes, and URLs that two parsers might read as two.
  private static func forms(_ port: UInt16) -> [String] {
    let place = "127.0.0.1:\(port)"
    return [
      "http", "HTTP", "ftp", "ftps", "file", "gopher", "dict", "ldap", "ldaps", "smb", "telnet",
      "tftp", "imap", "pop3", "smtp", "rtsp", "scp", "sftp", "mqtt", "ws", "wss", "data", "jar",
    ].map { "\($0)://\(place)/" } + [
      "", "/", "//\(place)/", "https:/\(place)/", "https:\(place)/", "https:///\(place)/",
      "https:\\\\\(place)/", " https://\(place)/", "\thttps://\(place)/", "https://\(place)/ ",
      "https://\(place)/\r\nHost: x", "https://\(place)/\n", "https://\(place)/a b",
      "https://\(place)#x", "https://\(place)/#", "https://x.test#@\(place)/",
      "https://x.test\\@\(place)/", "https://x.test:443@\(place)/", "https://x.test?@\(place)/a b",
      "https://\(place):443/", "https://127.0.0.1:0/", "https://127.0.0.1:/",
      "https://127.0.0.1:65536/", "https://127.0.0.1:00443/", "https://127.0.0.1:+443/",
      "https://127.0.0.1:4x3/", "https://127.0.0.1:-1/", "https://127.0.0.1:99999999999/",
      "https://localhost:0443/", "https://", "https://?", "https:///", "https://:443/",
      "https://[::1]443/", "https://x.test:\(port)\\/", "https://x.test/\u{7f}",
      "https://x.test/\u{e9}", "https://x.test/" + String(repeating: "a", count: 2048),
      "https://x.test/<script>", "https://x.test/\"", "https://x.test/{a}", "https://x.test/`",
    ]
  }

  /// What is called, once its name resolves to something that may be.
  static let plain = [
    "https://example.com", "https://example.com/", "HTTPS://EXAMPLE.COM/Path",
    "https://example.com:443/", "https://example.com:8443/hook?a=b&c=%20d", "https://example.com?q",
    "https://a-b.example.co.uk/a/../b//c;d=e,f", "https://xn--bcher-kva.example/",
    "https://1.example.com/", "https://0x7f.example.com/", "https://example.com/@user:x",
  ]
}
