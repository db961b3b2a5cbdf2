// A mail as it travels: the message format of RFC 5322 with two alternative bodies. Every line is
// made here: header values are printable ASCII, bodies are quoted-printable, lines end in CR LF.

package enum MIMEMessage {
  /// The same bytes for each attempt, and one Message-ID, so that a mail that arrives twice can be
  /// told for one.
  /// - Parameters:
  ///   - sender: a normalized address.
  ///   - recipient: a normalized address.
  package static func bytes(of mail: Mail, from sender: String, to recipient: String) -> [UInt8] {
    let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
    let boundary = "=_\(mail.id)"
    var lines = [
      "From: <\(sender)>", "To: <\(recipient)>", "Subject: \(header(mail.body.subject))",
      "Date: \(date(mail.createdAt))", "Message-ID: <\(mail.id)@\(domain)>", "MIME-Version: 1.0",
      "Auto-Submitted: auto-generated",
      "Content-Type: multipart/alternative; boundary=\"\(boundary)\"", "",
    ]
    for (type, text) in [("plain", mail.body.text), ("html", mail.body.html)] {
      lines += [
        "--\(boundary)", "Content-Type: text/\(type); charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable", "",
      ]
      lines += quotedPrintable(text)
    }
    lines += ["--\(boundary)--", ""]
    return Array(lines.joined(separator: "\r\n").utf8)
  }

  /// As it is where it is short and printable ASCII; else encoded words of RFC 2047.
  static func header(_ text: String) -> String {
    let text = MailBody.plain(text)
    if text.utf8.count <= 60, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    var words: [String] = []
    var chunk: [UInt8] = []
    for character in text {
      if chunk.count + character.utf8.count > 42, !chunk.isEmpty {
        words.append(Base64.encode(chunk))
        chunk = []
      }
      chunk += character.utf8
    }
    words.append(Base64.encode(chunk))
    return words.map { "=?utf-8?B?\($0)?=" }.joined(separator: "\r\n ")
  }

  /// Lines of at most 76 characters.
  static func quotedPrintable(_ text: String) -> [String] {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var current = ""
      let bytes = Array(line.utf8)
      for (index, byte) in bytes.enumerated() {
        let isLast = index == bytes.count - 1
        let unit = quoted(byte, isLast: isLast)
        if current.utf8.count + unit.utf8.count > (isLast ? 76 : 75) {
          lines.append(current + "=")
          current = ""
        }
        current += unit
      }
      lines.append(current)
    }
    return lines
  }

  private static func quoted(_ byte: UInt8, isLast: Bool) -> String {
    let isBlank = byte == 0x20 || byte == 0x09
    if isBlank ? !isLast : (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=") {
      return String(UnicodeScalar(byte))
    }
    return "=" + Hex.encode([byte]).uppercased()
  }

  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func date(_ time: Timestamp) -> String {
    let date = CivilDate(daysSince1970: time.day)
    let second = time.seconds - time.day * 86_400
    let clock = [second / 3600, second / 60 % 60, second % 60].map {
      $0 < 10 ? "0\($0)" : String($0)
    }
    let weekday = days[Int((time.day % 7 + 7) % 7)]
    return "\(weekday), \(date.day) \(months[Int(date.month) - 1]) \(date.year) "
      + clock.joined(separator: ":") + " +0000"
  }
}
