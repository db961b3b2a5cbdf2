// The rules of one project as typed values. PolicyReader makes one from a merged and validated
// JSON document; the meaning of every knob is in docs/policy.md.

package struct Policy: Sendable, Hashable {
  package var credential = CredentialScheme.bearer
  /// At least one; the position of an environment in this list is its index on the data plane.
  package var environments: [Environment] = [Environment(name: "production", title: "Production")]
  package var secret = SecretForm()
  package var publicID: PublicIDForm?
  package var keyLimit: KeyLimit?
  package var applications = ApplicationRules()
  package var access: [Access] = [.full, .readOnly]
  /// The access of a key or application stays what it was made with.
  package var accessFixed = false
  package var kinds: [KeyKind] = [.secret]
  /// What a publishable key may call; nothing where empty.
  package var publishableAllow: [RoutePattern] = []
  package var rotation = RotationRules()
  package var autoCycling: AutoCyclingRules?
  package var quota: Quota?
  package var concurrency: Concurrency?
  package var rates: [Rate] = []
  package var safeDeleteSeconds: Int64 = 0
  package var brandHeader = "X-Brand"
  /// On every answer of the gateway and of forward-auth, whatever it says.
  package var answerHeaders: [ErrorTemplate.Header] = []
  /// Keyed by DecisionCode.name or `invalid`.
  package var errors: [String: ErrorTemplate] = [:]
  package var selfService: SelfService?
  package var webhooks = WebhookRules()
  package var members = MemberRules()
  package var notify = NotifyRules()
  package var retention = RetentionRules()
  package var records = RecordRules()
  package var leaks = LeakRules()
  package init() {}
}

/// How a call carries its key.
package enum CredentialScheme: Sendable, Hashable {
  /// `Authorization: Bearer <secret>`
  case bearer
  /// `Authorization: Basic base64(<public id>:<secret>)`
  case basic
  /// `<header>: <secret>`; the name as written in the policy.
  case header(String)
  /// `<id header>: <client id>` and `<secret header>: <secret>`
  case headerPair(id: String, secret: String)
  /// `<id header>: <client id>` and `Authorization: <scheme> <username>:<secret>`
  case authorizationPair(idHeader: String, scheme: String)
}

package struct Environment: Sendable, Hashable {
  package enum Reveal: String, Sendable, CaseIterable { case once, always }
  package var name: String
  package var title: String
  package var secretPrefix = ""
  package var publishablePrefix = ""
  /// Lower case, no port.
  package var hosts: [String] = []
  /// `/sandbox`: begins with a slash, has none at its end.
  package var pathPrefix: String?
  package var reveal = Reveal.once
  package init(name: String, title: String) {
    self.name = name
    self.title = title
  }
}

package struct SecretForm: Sendable, Hashable {
  package enum Alphabet: String, Sendable, CaseIterable { case base62, base64url, hex }
  /// Random bytes of entropy, at least 16.
  package var bytes = 32
  package var alphabet = Alphabet.base62
  package var checksum = true
  /// Tokens of at least this many bytes are still accepted after `bytes` was raised; nil: `bytes`.
  package var acceptFromBytes: Int?
  package init() {}
}

package enum PublicIDForm: Sendable, Hashable {
  /// Text before and after the `{uuid}` placeholder.
  case uuid(before: String, after: String)
  /// Text before and after the `{integer}` placeholder; counts up per project.
  case integer(before: String, after: String)
}

package struct KeyLimit: Sendable, Hashable {
  package enum Scope: String, Sendable, CaseIterable { case account, environment, application }
  package var max: Int?
  package var min: Int
  package var per: Scope
  package init(max: Int?, min: Int, per: Scope) {
    self.max = max
    self.min = min
    self.per = per
  }
}

package struct ApplicationRules: Sendable, Hashable {
  /// Nil: no cap, and every account starts with one named `default`.
  package var max: Int?
  package var keyOnCreate = false
  package init() {}
}

package struct RotationRules: Sendable, Hashable {
  /// New version beside the old one; the upper bound of its overlap, nil where rotate is off.
  package var overlapMaxSeconds: Int64?
  package var reset = false
  package var resetAll = false
  package init() {}
}

package struct AutoCyclingRules: Sendable, Hashable {
  package enum Overlap: String, Sendable, CaseIterable {
    case untilAck = "until_ack"
    case none
  }
  package enum Acknowledge: String, Sendable, CaseIterable { case echo, proof }
  /// Empty: every plan.
  package var plans: [String] = []
  package var overlap = Overlap.untilAck
  package var acknowledge = Acknowledge.echo
  /// Seconds after 00:00 UTC.
  package var atSecond: Int64 = 0
  package var retriesWithinCycle = 0
  /// Nil: the next slot.
  package var deadlineSeconds: Int64?
  package var manualRotationWhileOn = false
  package init() {}
}

@usableFromInline
package enum MeterScope: String, Sendable, CaseIterable { case account, application, key, address }

package struct Quota: Sendable, Hashable {
  package enum OnOutage: String, Sendable, CaseIterable { case refuse, allow }
  package var calls: Int64
  package var scope: MeterScope
  /// Seconds after 00:00 UTC at which the quota is fresh again.
  package var resetsAtSecond: Int64
  /// Seconds after 00:00 UTC at which the shown counters start again.
  package var counterResetsAtSecond: Int64
  /// What becomes of calls beyond the reservation while the store is away.
  package var onOutage: OnOutage
  package init(
    calls: Int64, scope: MeterScope, resetsAtSecond: Int64, counterResetsAtSecond: Int64,
    onOutage: OnOutage = .refuse
  ) {
    self.calls = calls
    self.scope = scope
    self.resetsAtSecond = resetsAtSecond
    self.counterResetsAtSecond = counterResetsAtSecond
    self.onOutage = onOutage
  }
}

package struct Concurrency: Sendable, Hashable {
  package var max: Int
  package var scope: MeterScope
  package init(max: Int, scope: MeterScope) {
    self.max = max
    self.scope = scope
  }
}

package struct Rate: Sendable, Hashable {
  package var calls: Int64
  package var seconds: Int64
  package var scope: MeterScope
  /// Which calls count; nil: all.
  package var route: RoutePattern?
  /// Calls that do not count although they match `route`.
  package var except: [RoutePattern]
  package var countRefused: Bool
  /// Only calls that end in 4xx count, and each request (method, path and query) by itself.
  package var identicalFailing: Bool
  package init(
    calls: Int64, seconds: Int64, scope: MeterScope, route: RoutePattern?,
    except: [RoutePattern] = [], countRefused: Bool, identicalFailing: Bool = false
  ) {
    self.calls = calls
    self.seconds = seconds
    self.scope = scope
    self.route = route
    self.except = except
    self.countRefused = countRefused
    self.identicalFailing = identicalFailing
  }
}
