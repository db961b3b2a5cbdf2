// A notice as a mail's two bodies, text and HTML. Everything that is not a literal here is escaped
// in HTML and stripped of control characters in text, so that no value can add a line of its own.

package struct MailBody: Sendable, Hashable {
  package var subject: String
  package var text: String
  package var html: String

  /// As it is stored.
  package init(subject: String, text: String, html: String) {
    self.subject = subject
    self.text = text
    self.html = html
  }

  /// - Parameters:
  ///   - project: its name; the operator's customers know it as the API.
  ///   - link: where the account is looked after; nil: nowhere known.
  package init(_ notice: Notice, project: String, account: String, link: String?) {
    let words = NoticeText(notice)
    let facts = [("API", project), ("Account", account)] + words.facts
    subject = Self.plain("\(project): \(words.subject)")
    text = Self.text(words, facts, link)
    html = Self.html(words, facts, link)
  }

  private static func text(
    _ words: NoticeText, _ facts: [(String, String)], _ link: String?
  ) -> String {
    var lines = wrapped(words.lead) + [""]
    lines += facts.map { "\($0): \(plain($1))" }
    if let link { lines += ["", plain(link)] }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func html(
    _ words: NoticeText, _ facts: [(String, String)], _ link: String?
  ) -> String {
    let rows = facts.map {
      "<tr><th align=\"left\">\(escaped($0))</th><td>\(escaped($1))</td></tr>\n"
    }
    let place = link.map { "<p><a href=\"\(escaped($0))\">\(escaped($0))</a></p>\n" } ?? ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>\(escaped(words.subject))</title></head>
      <body>
      <p>\(escaped(words.lead))</p>
      <table>
      \(rows.joined())</table>
      \(place)</body>
      </html>

      """
  }

  /// Lines of at most 72 characters, where words allow.
  private static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + word.count < 72 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// One line: what could end it, or steer a terminal, becomes a blank.
  package static func plain(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
      let isBreak = scalar.value == 0x2028 || scalar.value == 0x2029
      let isDirection =
        (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      result.append(isControl || isBreak || isDirection ? " " : scalar)
    }
    return String(result)
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in plain(text) {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}
