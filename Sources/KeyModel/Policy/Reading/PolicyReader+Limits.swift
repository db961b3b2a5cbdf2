// The knobs about how many keys there are, how they change and how much they may be used.

extension PolicyReader {
  static func keyLimit(_ node: PolicyNode) -> KeyLimit? {
    node.object { cursor -> KeyLimit? in
      var limit = KeyLimit(max: nil, min: 0, per: .account)
      cursor.optionalInteger("max", &limit.max, 1...100_000)
      cursor.integer("min", &limit.min, 0...100_000)
      cursor.choice("per", &limit.per)
      if let max = limit.max, limit.min > max { cursor.report("min", "must not exceed `max`") }
      return limit
    }
  }

  static func applications(_ cursor: PolicyCursor, _ rules: inout ApplicationRules) {
    cursor.optionalInteger("max", &rules.max, 1...100_000)
    cursor.flag("key_on_create", &rules.keyOnCreate)
  }

  static func route(_ node: PolicyNode) -> RoutePattern? {
    node.object { cursor -> RoutePattern? in
      var route = RoutePattern(method: "*", path: "")
      cursor.text("method", &route.method, .method)
      guard let path = cursor.required("path", { $0.text(.routePath) }) else { return nil }
      route.path = path
      return route
    }
  }

  static func rotation(_ cursor: PolicyCursor, _ rules: inout RotationRules) {
    cursor.flag("reset", &rules.reset)
    cursor.flag("reset_all", &rules.resetAll)
    cursor.optionalInteger("overlap_max_seconds", &rules.overlapMaxSeconds, 0...year)
  }

  static func autoCycling(_ node: PolicyNode) -> AutoCyclingRules? {
    node.object { cursor -> AutoCyclingRules? in
      var rules = AutoCyclingRules()
      cursor.set("plans", &rules.plans, 0...64) { $0.text(.name) }
      cursor.choice("overlap", &rules.overlap)
      cursor.choice("acknowledge", &rules.acknowledge)
      cursor.read("at", &rules.atSecond) { $0.timeOfDay() }
      cursor.integer("retries_within_cycle", &rules.retriesWithinCycle, 0...100)
      cursor.optionalInteger("deadline_seconds", &rules.deadlineSeconds, 60...year)
      cursor.flag("manual_rotation_while_on", &rules.manualRotationWhileOn)
      return rules
    }
  }

  static func readLimits(_ cursor: PolicyCursor, _ policy: inout Policy) {
    cursor.readOptional("quota", &policy.quota, quota)
    cursor.readOptional("concurrency", &policy.concurrency, concurrency)
    cursor.list("rate", &policy.rates, 0...16, rate)
  }

  /// What belongs to one customer: an address does not, and has no day's quota.
  private static let ownScopes: [MeterScope] = [.account, .application, .key]

  private static func quota(_ node: PolicyNode) -> Quota? {
    node.object { cursor -> Quota? in
      var quota = Quota(calls: 0, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 0)
      let calls = cursor.required("calls") { $0.integer(1...1_000_000_000_000) }
      cursor.read("scope", &quota.scope) { $0.choice(ownScopes) }
      cursor.read("resets_at", &quota.resetsAtSecond) { $0.timeOfDay() }
      quota.counterResetsAtSecond = quota.resetsAtSecond
      cursor.read("counter_resets_at", &quota.counterResetsAtSecond) { $0.timeOfDay() }
      cursor.choice("on_outage", &quota.onOutage)
      quota.calls = calls ?? 0
      return calls == nil ? nil : quota
    }
  }

  private static func concurrency(_ node: PolicyNode) -> Concurrency? {
    node.object { cursor -> Concurrency? in
      var scope = MeterScope.account
      cursor.read("scope", &scope) { $0.choice(ownScopes) }
      let max = cursor.required("max") { $0.integer(1...1_000_000) }
      return max.map { Concurrency(max: Int($0), scope: scope) }
    }
  }

  private static func rate(_ node: PolicyNode) -> Rate? {
    node.object { cursor -> Rate? in
      var rate = Rate(calls: 0, seconds: 0, scope: .account, route: nil, countRefused: false)
      let calls = cursor.required("calls") { $0.integer(1...1_000_000_000) }
      let seconds = cursor.required("seconds") { $0.integer(1...86_400) }
      cursor.choice("scope", &rate.scope)
      cursor.readOptional("route", &rate.route, route)
      cursor.list("except", &rate.except, 0...16, route)
      cursor.flag("count_refused", &rate.countRefused)
      cursor.flag("identical_failing", &rate.identicalFailing)
      guard let calls, let seconds else { return nil }
      rate.calls = calls
      rate.seconds = seconds
      return rate
    }
  }
}
