// The request bodies about auto cycling. Rules that need the store or the policy are not here.
internal import KeyModel

package struct NewCycling: Sendable {
  package var endpoint: String
  package var everyDays: Int64
  /// Days since 1970.
  package var startsOn: Int64
  /// May be nil where there is no doubt about it.
  package var environment: String?
  package var overlapSeconds: Int64 = 0

  package init(endpoint: String, everyDays: Int64, startsOn: Int64) {
    self.endpoint = endpoint
    self.everyDays = everyDays
    self.startsOn = startsOn
  }

  package init(_ fields: inout Fields) throws(Problem) {
    let endpoint = fields.required("endpoint", CyclingRule.endpoint)
    let everyDays = fields.required("every_days", CyclingRule.everyDays)
    let startsOn = fields.required("starts_on", CyclingRule.startsOn)
    environment = fields.optional("environment", FieldRule.line("environment"))
    overlapSeconds = fields.optional("overlap_seconds", CyclingRule.overlap) ?? 0
    try fields.finish()
    guard let endpoint, let everyDays, let startsOn else { throw .invalid("", "is incomplete") }
    self.endpoint = endpoint
    self.everyDays = everyDays
    self.startsOn = startsOn
  }
}

package struct CyclingPatch: Sendable {
  package var endpoint: String?
  package var everyDays: Int64?
  package var startsOn: Int64?
  package var environment: String?
  package var overlapSeconds: Int64?

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    endpoint = fields.replacement("endpoint", CyclingRule.endpoint)
    everyDays = fields.replacement("every_days", CyclingRule.everyDays)
    startsOn = fields.replacement("starts_on", CyclingRule.startsOn)
    environment = fields.optional("environment", FieldRule.line("environment"))
    overlapSeconds = fields.replacement("overlap_seconds", CyclingRule.overlap)
    try fields.finish()
  }
}

package struct CyclingTest: Sendable {
  /// Nil: the saved one.
  package var endpoint: String?
  package var environment: String?

  package init(endpoint: String? = nil) { self.endpoint = endpoint }

  package init(_ fields: inout Fields) throws(Problem) {
    endpoint = fields.optional("endpoint", CyclingRule.endpoint)
    environment = fields.optional("environment", FieldRule.line("environment"))
    try fields.finish()
  }
}

package struct CyclingRun: Sendable {
  package var environment: String?

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    environment = fields.optional("environment", FieldRule.line("environment"))
    try fields.finish()
  }
}

package struct CycleAcknowledgement: Sendable {
  /// As the delivery had it; nil: the credential alone says it.
  package var requestID: String?

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    requestID = fields.optional("request_id", FieldRule.line("request_id"))
    try fields.finish()
  }
}

enum CyclingRule {
  static func endpoint(_ fields: inout Fields, _ value: JSONValue) -> String? {
    guard let text = value.string else {
      return FieldRule.wrong(&fields, "endpoint", "must be a string")
    }
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      return FieldRule.wrong(
        &fields, "endpoint", "must be a URL of at most 2048 visible ASCII characters")
    }
    guard text.utf8.count > 8, text.prefix(8).lowercased() == "https://", !text.contains("#"),
      !text.dropFirst(8).prefix(while: { $0 != "/" && $0 != "?" }).contains("@")
    else {
      return FieldRule.wrong(
        &fields, "endpoint", "must be an https:// URL without user, password and fragment")
    }
    return text
  }

  static func everyDays(_ fields: inout Fields, _ value: JSONValue) -> Int64? {
    FieldRule.integer("every_days", CycleGrid.everyDays)(&fields, value)
  }

  static func overlap(_ fields: inout Fields, _ value: JSONValue) -> Int64? {
    FieldRule.integer("overlap_seconds", 0...31_536_000)(&fields, value)
  }

  static func startsOn(_ fields: inout Fields, _ value: JSONValue) -> Int64? {
    guard let text = value.string, text.utf8.count == 10,
      let day = RFC3339.parse(text + "T00:00:00Z")?.day
    else { return FieldRule.wrong(&fields, "starts_on", "must be a date like 2027-01-31") }
    return day
  }
}
