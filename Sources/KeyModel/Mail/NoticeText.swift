// The words of a notice, before they are a mail. Values may be what a customer typed: they are
// plain text here, and whoever prints them escapes them.

package struct NoticeText: Sendable {
  package var subject: String
  /// One or two sentences.
  package var lead: String
  package var facts: [(label: String, value: String)]

  package init(_ notice: Notice) {
    switch notice {
    case .cyclingChanged(let change, let environment, let endpoint, let everyDays, let reason):
      self.init(
        "Auto-cycling was \(change.rawValue)",
        reason ?? Self.unexpected("Auto-cycling was \(change.rawValue)."),
        [
          ("Environment", environment), ("Endpoint", Self.place(endpoint)),
          ("Every", everyDays == 1 ? "day" : "\(everyDays) days"),
        ])
    case .cycleFailed(let environment, let endpoint, let reason):
      self.init(
        "A new key could not be delivered",
        "A new key was made and could not be brought to your endpoint. The old key stays valid.",
        [("Environment", environment), ("Endpoint", Self.place(endpoint)), ("Reason", reason)])
    case .webhookFailed(let name, let url, let eventType, let reason):
      self.init(
        "An event could not be delivered",
        "An event was not accepted by your webhook after the last attempt.",
        [
          ("Webhook", name), ("URL", Self.place(url)), ("Event", eventType), ("Reason", reason),
        ])
    case .webhookFailing(let name, let url, let time):
      self.init(
        "A webhook is about to be disabled",
        "Your webhook has been failing for some time. It is disabled at the time below unless it"
          + " answers before.",
        [("Webhook", name), ("URL", Self.place(url)), ("Disabled at", RFC3339.format(time))])
    case .webhookDisabled(let name, let url, let reason):
      self.init(
        "A webhook was disabled",
        "Your webhook gets no more events. Enable it again once it works.",
        [("Webhook", name), ("URL", Self.place(url)), ("Reason", reason)])
    default: self = Self.ofKeys(notice)
    }
  }

  private static func ofKeys(_ notice: Notice) -> NoticeText {
    switch notice {
    case .keyExpiring(let name, let hint, let environment, let days, let time):
      NoticeText(
        "A key expires in \(days == 1 ? "a day" : "\(days) days")",
        "Calls with this key are refused once it has expired. Make a new one before.",
        key(name, hint, environment) + [("Expires", RFC3339.format(time))])
    case .quotaReached(let percent, let limit, let scope, let time):
      NoticeText(
        percent >= 100 ? "The quota is used up" : "\(percent) % of the quota is used",
        percent >= 100
          ? "Further calls are refused until the quota begins again."
          : "Calls are refused once the quota is used up.",
        [
          ("Calls", String(limit)), ("Counted by", scope.rawValue),
          ("Begins again", RFC3339.format(time)),
        ])
    case .keyLeaked(let name, let hint, let environment, let source, let action):
      NoticeText(
        "A key was found where it should not be",
        unexpected("One of your keys was reported as public."),
        key(name, hint, environment) + [("Found", publicPlace(source)), ("Done about it", action)])
    default: NoticeText("Notice", "", [])
    }
  }

  private init(_ subject: String, _ lead: String, _ facts: [(label: String, value: String)]) {
    self.subject = subject
    self.lead = lead
    self.facts = facts
  }

  private static func key(
    _ name: String, _ hint: String, _ environment: String
  ) -> [(label: String, value: String)] {
    [("Key", name.isEmpty ? "ends in \(hint)" : "\(name), ends in \(hint)")]
      + [("Environment", environment)]
  }

  private static func unexpected(_ sentence: String) -> String {
    sentence + " If you did not expect this, look at your account at once."
  }

  /// Whoever is to take a secret away has to know the path; a query may be a leave to read.
  private static func publicPlace(_ text: String) -> String {
    guard text.contains("://"), let query = text.firstIndex(of: "?") else { return text }
    let fragment = text[query...].firstIndex(of: "#") ?? text.endIndex
    return text[..<query] + "?…" + text[fragment...]
  }

  /// A path or a query may be a secret between the owner and the endpoint.
  private static func place(_ url: String) -> String {
    guard let start = url.firstRange(of: "://")?.upperBound,
      let end = url[start...].firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" })
    else { return url }
    return url[..<end] + "/…"
  }
}
