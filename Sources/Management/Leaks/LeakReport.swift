// What is reported: by an operator's own program as an object, by a scanner as a list in the form
// of GitHub's secret scanning. What was found is a secret from the moment it is read.
package import Crypto
package import KeyModel

package struct LeakReport: Sendable {
  package enum Subject: Sendable {
    /// What was found, as it was found.
    case text(Secret)
    case key(KeyID)
  }
  package var subject: Subject
  package var type = ""
  /// Where it was found and what kind of place that is, in the finder's words: may hold what was
  /// found, and more that is secret. Never stored or sent as they are.
  package var url = ""
  package var source = ""

  static let longestWord = 128

  /// `{token|key, type?, url?, source?}`; `key` is an id or, as in a verify call, the secret.
  package init(_ fields: inout Fields) throws(Problem) {
    let token = fields.optional("token", FieldRule.text("token", max: LeakedText.maximumBytes))
    let key = fields.optional("key", FieldRule.text("key", max: LeakedText.maximumBytes))
    type = fields.optional("type", FieldRule.line("type", max: Self.longestWord)) ?? ""
    url = fields.optional("url", FieldRule.text("url", max: 8192, newlines: false)) ?? ""
    source = fields.optional("source", FieldRule.line("source", max: Self.longestWord)) ?? ""
    if (token == nil) == (key == nil), fields.findings.isEmpty {
      fields.report("token", "or /key must be there, and not both")
    }
    try fields.finish()
    if let id = key.flatMap(KeyID.init) {
      subject = .key(id)
    } else {
      subject = .text(Secret(token ?? key ?? ""))
    }
  }

  private init?(_ item: JSONValue) {
    guard let token = item["token"]?.string else { return nil }
    subject = .text(Secret(token))
    type = Self.word(item["type"])
    // Whole: half a key would not be known for one.
    source = item["source"]?.string ?? ""
    url = item["url"]?.string ?? ""
  }

  /// Nil where the body is not a list of objects that each have a token.
  static func list(_ body: [UInt8]) -> [LeakReport]? {
    guard let items = (try? JSONReader.read(body))?.array else { return nil }
    let reports = items.compactMap { LeakReport($0) }
    return reports.count == items.count ? reports : nil
  }

  private static func word(_ value: JSONValue?) -> String {
    String((value?.string ?? "").unicodeScalars.filter { $0.value >= 32 }.prefix(longestWord))
  }
}
