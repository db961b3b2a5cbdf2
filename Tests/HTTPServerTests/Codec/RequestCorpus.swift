// Hostile and odd requests with what must become of each. Used by the codec's own tests, over
// sockets, and against nginx. `status` 200 means served.

import Testing

struct CorpusCase: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: [UInt8]
  var status: Int
  /// The connection stays open behind the answer.
  var keeps: Bool

  init(_ name: String, _ text: String, _ status: Int, keeps: Bool? = nil) {
    self.name = name
    bytes = text.unicodeScalars.map { UInt8($0.value) }
    self.status = status
    self.keeps = keeps ?? (status == 200)
  }

  var testDescription: String { name }
}

enum RequestCorpus {
  private static let host = "Host: h\r\n"

  private static func get(_ fields: String, _ status: Int, _ name: String) -> CorpusCase {
    CorpusCase(name, "GET / HTTP/1.1\r\n\(host)\(fields)\r\n", status)
  }

  private static func chunked(_ body: String, _ status: Int, _ name: String) -> CorpusCase {
    CorpusCase(
      name, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(body)", status)
  }

  private static func line(_ line: String, _ status: Int, _ name: String) -> CorpusCase {
    CorpusCase(name, "\(line)\r\n\(host)\r\n", status)
  }

  static let all = requestLines + framing + fields + hosts + chunks + others

  static let requestLines = [
    line("GET / HTTP/1.1", 200, "plain"),
    line("GET /a?b=c&d HTTP/1.1", 200, "query"),
    line("get / HTTP/1.1", 200, "lower-case method is a token"),
    line("M-SEARCH!#$ / HTTP/1.1", 200, "odd token as method"),
    line("GET\t/ HTTP/1.1", 400, "tab after method"),
    line("GET  / HTTP/1.1", 400, "two blanks before target"),
    line("GET /  HTTP/1.1", 400, "two blanks before version"),
    line(" GET / HTTP/1.1", 400, "blank before method"),
    line("GET / HTTP/1.1 ", 400, "blank after version"),
    line("G(T / HTTP/1.1", 400, "method is no token"),
    line("G\u{0}T / HTTP/1.1", 400, "NUL in method"),
    line("\(String(repeating: "M", count: 33)) / HTTP/1.1", 400, "overlong method"),
    line("GET /", 400, "HTTP/0.9"),
    line("GET / HTTP/0.9", 505, "version 0.9"),
    line("GET / HTTP/1.2", 505, "version 1.2"),
    line("GET / HTTP/2.0", 505, "version 2.0"),
    line("GET / HTTP/1.10", 400, "two-digit minor version"),
    line("GET / http/1.1", 400, "lower-case protocol"),
    line("GET / HTTP/1,1", 400, "comma in version"),
    line("GET / HTTPS/1.1", 400, "other protocol"),
    line("GET /a b HTTP/1.1", 400, "blank in target"),
    line("GET /a\u{1}b HTTP/1.1", 400, "control character in target"),
    line("GET /a\u{7f} HTTP/1.1", 400, "DEL in target"),
    line("GET /\u{e9} HTTP/1.1", 400, "raw 8-bit byte in target"),
    line("GET /a#b HTTP/1.1", 400, "fragment in target"),
    line("GET a HTTP/1.1", 400, "relative target"),
    line("GET * HTTP/1.1", 400, "asterisk without OPTIONS"),
    line("OPTIONS * HTTP/1.1", 200, "asterisk with OPTIONS"),
    line("CONNECT h:443 HTTP/1.1", 501, "CONNECT"),
    line("GET http://h/x HTTP/1.1", 200, "absolute form of the same host"),
    line("GET HTTP://H/x?y HTTP/1.1", 200, "absolute form, other case"),
    line("GET http://other/x HTTP/1.1", 400, "absolute form of another host"),
    line("GET http://h@other/x HTTP/1.1", 400, "absolute form with user"),
    line("GET http://h HTTP/1.1", 400, "absolute form without path"),
    line("GET ftp://h/x HTTP/1.1", 400, "absolute form of another scheme"),
    line("GET /\(String(repeating: "a", count: 8192)) HTTP/1.1", 414, "target too long"),
    CorpusCase("one empty line first", "\r\nGET / HTTP/1.1\r\n\(host)\r\n", 200),
    CorpusCase("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", 400),
    CorpusCase("bare LF after request line", "GET / HTTP/1.1\n\(host)\r\n", 400),
    CorpusCase("bare CR in request line", "GET / HTTP/1.1\r\r\n\(host)\r\n", 400),
    CorpusCase("TLS hello on a plain port", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", 400),
  ]

  static let framing = [
    CorpusCase("body with length", "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabc", 200),
    get("Content-Length: 0\r\n", 200, "zero length"),
    get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400, "length and coding"),
    get("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400, "coding and length"),
    get("Content-Length: 0\r\nContent-Length: 0\r\n", 400, "two equal lengths"),
    get("Content-Length: 0\r\nContent-Length: 5\r\n", 400, "two lengths"),
    get("Content-Length: 0, 0\r\n", 400, "length list"),
    get("Content-Length: +0\r\n", 400, "signed length"),
    get("Content-Length: -1\r\n", 400, "negative length"),
    get("Content-Length:\r\n", 400, "empty length"),
    get("Content-Length: 0x0\r\n", 400, "hexadecimal length"),
    get("Content-Length: 0 0\r\n", 400, "blank in length"),
    get("Content-Length: 9223372036854775808\r\n", 400, "length past 63 bits"),
    get("Content-Length: 99999999999999999999\r\n", 400, "length past 64 bits"),
    get("Content-Length: 00000000000000000000\r\n", 400, "overlong zero length"),
    get("Content-Length : 0\r\n", 400, "blank before colon of length"),
    get("Transfer-Encoding: gzip\r\n", 501, "unknown coding"),
    get("Transfer-Encoding: identity\r\n", 501, "identity coding"),
    get("Transfer-Encoding: gzip, chunked\r\n", 501, "unknown coding before chunked"),
    get("Transfer-Encoding: chunked, gzip\r\n", 400, "chunked not last"),
    get("Transfer-Encoding: chunked, chunked\r\n", 501, "chunked twice"),
    get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "two coding lines"),
    get("Transfer-Encoding: xchunked\r\n", 501, "word that ends in chunked"),
    get("Transfer-Encoding: \u{b}chunked\r\n", 400, "vertical tab before chunked"),
    get("Transfer-Encoding:\r\n", 400, "empty coding"),
    get("Transfer-Encoding: chunked;q=1\r\n", 501, "chunked with parameter"),
    CorpusCase(
      "coding in HTTP/1.0", "POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400),
  ]

  static let fields = [
    get("X: y\r\n", 200, "field"),
    get("X:y\r\n", 200, "no blank after colon"),
    get("X: \t y \t\r\n", 200, "blanks around value"),
    get("X:\r\n", 200, "empty value"),
    get("X: \u{e9}\u{ff}\r\n", 200, "8-bit bytes in value"),
    get("X : y\r\n", 400, "blank before colon"),
    get("X\t: y\r\n", 400, "tab before colon"),
    get(": y\r\n", 400, "empty name"),
    get("X\r\n", 400, "no colon"),
    get("X(: y\r\n", 400, "name is no token"),
    get("\u{e9}: y\r\n", 400, "8-bit byte in name"),
    get(" X: y\r\n", 400, "folded or indented line"),
    get("X: y\r\n z\r\n", 400, "folded line"),
    get("X: y\r\n\tz\r\n", 400, "folded line with tab"),
    get("X: y\n", 400, "bare LF after field"),
    get("X: y\rZ: z\r\n", 400, "bare CR in value"),
    get("X: y\u{0}z\r\n", 400, "NUL in value"),
    get("X: y\u{1b}[0m\r\n", 400, "escape in value"),
    get("X: y\u{7f}\r\n", 400, "DEL in value"),
    get("X\u{0}: y\r\n", 400, "NUL in name"),
    get("Authorization: a\r\nAuthorization: b\r\n", 200, "two Authorization lines"),
    get("authorization: a\r\nAUTHORIZATION: a\r\n", 200, "two Authorization lines, case"),
    get(String(repeating: "X: y\r\n", count: 99), 200, "as many fields as may be"),
    get(String(repeating: "X: y\r\n", count: 100), 431, "too many fields"),
    get("X: \(String(repeating: "a", count: 17000))\r\n", 431, "head too large"),
    get("Expect: something\r\n", 417, "unknown expectation"),
    CorpusCase("bare LF ends the head", "GET / HTTP/1.1\r\n\(host)\n", 400),
    CorpusCase("CR without LF at the end", "GET / HTTP/1.1\r\n\(host)\rX", 400),
  ]

  static let hosts = [
    CorpusCase("no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400),
    CorpusCase("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200, keeps: false),
    CorpusCase("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    get("Host: h\r\n", 400, "two Host lines"),
    CorpusCase("Host with port", "GET / HTTP/1.1\r\nHost: a-b.c_d:8080\r\n\r\n", 200),
    CorpusCase("Host is IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
    CorpusCase("Host is broken IPv6", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    CorpusCase("Host with slash", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400),
    CorpusCase("Host with user", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", 400),
    CorpusCase("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    CorpusCase("Host with bad port", "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n", 400),
    CorpusCase("Host with port past 16 bits", "GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", 400),
    CorpusCase("Host with blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
  ]

  static let chunks = [
    chunked("3\r\nabc\r\n0\r\n\r\n", 200, "one chunk"),
    chunked("A\r\n0123456789\r\n0\r\n\r\n", 200, "upper-case size"),
    chunked("003\r\nabc\r\n000\r\n\r\n", 200, "leading zeros in size"),
    chunked("3;a=\"b\"\r\nabc\r\n0\r\n\r\n", 200, "chunk extension"),
    chunked("0\r\nT: v\r\nU:\r\n\r\n", 200, "trailers"),
    chunked("+3\r\nabc\r\n0\r\n\r\n", 400, "signed size"),
    chunked("-3\r\nabc\r\n0\r\n\r\n", 400, "negative size"),
    chunked("0x3\r\nabc\r\n0\r\n\r\n", 400, "size with 0x"),
    chunked(" 3\r\nabc\r\n0\r\n\r\n", 400, "blank before size"),
    chunked("3 \r\nabc\r\n0\r\n\r\n", 400, "blank after size"),
    chunked("\r\nabc\r\n0\r\n\r\n", 400, "empty size"),
    chunked(";a\r\nabc\r\n0\r\n\r\n", 400, "extension without size"),
    chunked("g\r\nabc\r\n0\r\n\r\n", 400, "size is no number"),
    chunked("3\nabc\r\n0\r\n\r\n", 400, "bare LF after size"),
    chunked("3\r\nabc\n0\r\n\r\n", 400, "bare LF after data"),
    chunked("3\r\nabcd\r\n0\r\n\r\n", 400, "data longer than size"),
    chunked("4\r\nabc\r\n0\r\n\r\n", 400, "data shorter than size"),
    chunked("10000000000000003\r\nabc\r\n0\r\n\r\n", 400, "size wraps to 3"),
    chunked("ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400, "size past 63 bits"),
    chunked("00000000000000003\r\nabc\r\n0\r\n\r\n", 400, "overlong size"),
    chunked("3;\(String(repeating: "a", count: 257))\r\nabc\r\n", 400, "overlong extension"),
    chunked("3;a\u{0}\r\nabc\r\n0\r\n\r\n", 400, "NUL in extension"),
    chunked("0\r\n T: v\r\n\r\n", 400, "folded trailer"),
    chunked("0\r\nT v\r\n\r\n", 400, "trailer without colon"),
    chunked("0\r\nT: v\n\r\n", 400, "bare LF after trailer"),
    chunked("0\r\n\rx", 400, "CR without LF at the end of chunks"),
    chunked("0\r\nT: \(String(repeating: "a", count: 17000))\r\n\r\n", 400, "overlong trailers"),
  ]

  static let others = [
    get("Connection: close\r\n", 200, "close").closing,
    get("Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n", 200, "upgrade is not taken"),
    CorpusCase(
      "keep-alive in HTTP/1.0", "GET / HTTP/1.0\r\n\(host)Connection: keep-alive\r\n\r\n", 200),
    CorpusCase(
      "expectation in HTTP/1.0", "GET / HTTP/1.0\r\n\(host)Expect: 100-continue\r\n\r\n", 200,
      keeps: false),
    CorpusCase("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  ]
}

extension CorpusCase {
  var closing: CorpusCase {
    var copy = self
    copy.keeps = false
    return copy
  }
}
