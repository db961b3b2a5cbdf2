// Says in plain sentences what a policy does, for an operator who wants to see that the document
// means what he meant.

package enum PolicyExplanation {
  /// One sentence per rule, in the order of the policy's groups.
  package static func sentences(of policy: Policy) -> [String] {
    [credential(policy)] + policy.environments.map { environment($0, policy) } + keys(policy)
      + rotation(policy) + limits(policy) + answers(policy) + webhooks(policy.webhooks)
      + around(policy)
  }

  private static func credential(_ policy: Policy) -> String {
    switch policy.credential {
    case .bearer: "A call carries its key as `Authorization: Bearer <secret>`."
    case .basic: "A call carries its key as `Authorization: Basic base64(<id>:<secret>)`."
    case .header(let name): "A call carries its key as `\(name): <secret>`."
    case .headerPair(let id, let secret):
      "A call carries the client id as `\(id)` and its key as `\(secret)`."
    case .authorizationPair(let id, let scheme):
      "A call carries the client id as `\(id)` and its key as "
        + "`Authorization: \(scheme) <username>:<secret>`."
    }
  }

  private static func environment(_ environment: Environment, _ policy: Policy) -> String {
    var text = "Environment `\(environment.name)`: "
    text += policy.kinds(in: environment).map { kind in
      let prefix = environment.prefix(of: kind)
      return "\(kind.name) keys " + (prefix.isEmpty ? "without a prefix" : "begin with `\(prefix)`")
    }.joined(separator: ", ")
    if !environment.hosts.isEmpty {
      text += "; hosts \(environment.hosts.joined(separator: ", "))"
    }
    if let path = environment.pathPrefix { text += "; paths below `\(path)`" }
    return text
      + (environment.reveal == .always
        ? "; a secret can be shown again." : "; a secret is shown once.")
  }

  private static func keys(_ policy: Policy) -> [String] {
    let secret = policy.secret
    var lines = [
      "A secret holds \(secret.bytes) random bytes in \(secret.alphabet.rawValue)"
        + (secret.checksum ? " and ends in a checksum." : ", without a checksum.")
    ]
    if let oldest = secret.acceptFromBytes, oldest < secret.bytes {
      lines.append("Secrets of \(oldest) bytes and more, made before, are accepted too.")
    }
    switch policy.publicID {
    case .uuid(let before, let after):
      lines.append("A key has the id `\(before){uuid}\(after)` too.")
    case .integer(let before, let after):
      lines.append("A key has the id `\(before){integer}\(after)` too.")
    case nil: break
    }
    if let limit = policy.keyLimit {
      if let max = limit.max {
        lines.append(
          "At most \(count(max, "active key")) per \(limit.per.rawValue); one more is refused with "
            + refusal(.keyLimitReached))
      }
      if limit.min > 0 {
        lines.append(
          "At least \(count(limit.min, "active key")) per \(limit.per.rawValue) must remain; "
            + "removing the last is refused with " + refusal(.lastKey))
      }
    } else {
      lines.append("The number of keys is not limited.")
    }
    if let max = policy.applications.max {
      lines.append(
        "At most \(count(max, "application")) per account; one more is refused with "
          + refusal(.applicationLimitReached))
    }
    if policy.applications.keyOnCreate { lines.append("A new application comes with a key.") }
    if policy.access.contains(.readOnly) {
      lines.append("A read-only key may send GET, HEAD and OPTIONS and nothing else.")
    }
    if policy.accessFixed {
      lines.append(
        "The access of a key stays what it was made with; a change is refused with "
          + refusal(.accessFixed))
    }
    return lines + publishable(policy)
  }

  private static func publishable(_ policy: Policy) -> [String] {
    guard policy.kinds.contains(.publishable) else { return [] }
    let routes = policy.publishableAllow.map { "`\($0.method) \($0.path)`" }
    return [
      "A publishable key may call "
        + (routes.isEmpty ? "nothing." : routes.joined(separator: ", ") + ".")
    ]
  }

  private static func rotation(_ policy: Policy) -> [String] {
    let rules = policy.rotation
    var lines: [String] = []
    if let seconds = rules.overlapMaxSeconds {
      lines.append(
        "A key can be rotated; the old secret works for at most \(duration(seconds)) more.")
    }
    if rules.reset { lines.append("A key can be reset: its old secret dies at once.") }
    if rules.resetAll { lines.append("All keys of an account can be reset together.") }
    if lines.isEmpty {
      lines.append("A secret is changed by making a new key and revoking the old one.")
    }
    if let cycling = policy.autoCycling { lines += autoCycling(cycling) }
    if policy.safeDeleteSeconds > 0 {
      lines.append(
        "A key used within the last \(duration(policy.safeDeleteSeconds)) is not removed: "
          + refusal(.keyInUse))
    }
    return lines
  }

  private static func autoCycling(_ rules: AutoCyclingRules) -> [String] {
    let plans = rules.plans.isEmpty ? "every plan" : rules.plans.joined(separator: ", ")
    let old =
      rules.overlap == .untilAck
      ? "the old secret works until the new one is acknowledged"
      : "the old secret stops when the new one is sent"
    let proof =
      rules.acknowledge == .echo ? "repeats the request id" : "proves that it holds the new key"
    let retries = rules.retriesWithinCycle
    let again =
      retries == 0
      ? "a refusal fails the cycle" : "a refusal is tried \(count(retries, "time")) more"
    let end = rules.deadlineSeconds.map { "after \(duration($0))" } ?? "at the next one"
    return [
      "Keys can cycle by themselves at \(time(rules.atSecond)) (\(plans)); \(old)"
        + (rules.manualRotationWhileOn ? "." : "; meanwhile nobody rotates by hand."),
      "The endpoint \(proof); \(again), and an open cycle fails \(end).",
    ]
  }

  private static func limits(_ policy: Policy) -> [String] {
    var lines: [String] = []
    if let quota = policy.quota {
      lines.append(
        "At most \(count(Int(quota.calls), "call")) a day per \(quota.scope.rawValue), fresh at "
          + "\(time(quota.resetsAtSecond)); more are refused with "
          + denial(.quotaExceeded, policy))
      if quota.counterResetsAtSecond != quota.resetsAtSecond {
        lines.append(
          "The counters that people see start again at \(time(quota.counterResetsAtSecond)).")
      }
      if quota.onOutage == .allow {
        lines.append("While the store is away calls pass, and are counted afterwards.")
      }
    }
    if let concurrency = policy.concurrency {
      lines.append(
        "At most \(count(concurrency.max, "call")) at once per \(concurrency.scope.rawValue); "
          + "more are refused with " + denial(.concurrencyExceeded, policy))
    }
    return lines + policy.rates.map { rate($0, policy) }
  }

  private static func rate(_ rate: Rate, _ policy: Policy) -> String {
    let route = rate.route.map { " to `\($0.method) \($0.path)`" } ?? ""
    let except = rate.except.map { "`\($0.method) \($0.path)`" }.joined(separator: ", ")
    let others = except.isEmpty ? "" : " (but \(except))"
    let calls =
      rate.identicalFailing
      ? "\(count(Int(rate.calls), "identical call")) that end in 4xx"
      : count(Int(rate.calls), "call")
    return "At most \(calls)\(route)\(others) in \(duration(rate.seconds)) per "
      + "\(rate.scope.rawValue)\(rate.countRefused ? ", refused ones included" : ""); "
      + "more are refused with " + denial(.rateLimited, policy)
  }

  private static func answers(_ policy: Policy) -> [String] {
    [DecisionCode.missing, .notFound].map { code in
      let what = code == .missing ? "without a key" : "with a key that is not valid"
      return "A call \(what) is answered with " + denial(code, policy)
    } + answerHeaders(policy) + (policy.selfService.map { selfService($0, policy) } ?? [])
  }

  private static func answerHeaders(_ policy: Policy) -> [String] {
    let names = policy.answerHeaders.map { "`\($0.name)`" }
    return names.isEmpty ? [] : ["Every answer has \(names.joined(separator: ", "))."]
  }

  private static func selfService(_ service: SelfService, _ policy: Policy) -> [String] {
    let path = service.path
    let offers: [(answer: SelfService.Answer?, what: String)] = [
      (service.list, "`GET \(path)` lists them"), (service.create, "`POST \(path)` makes one"),
      (service.delete, "`DELETE \(path)/<id>` revokes one"),
      (service.reset, "`POST \(path)/reset` gives each a new secret"),
    ]
    let offered = offers.compactMap { offer in
      offer.answer.map { "\(offer.what) (\($0.status))" }
    }
    var lines = [
      "A secret key manages the keys of its account and environment through the gateway: "
        + (offered.isEmpty ? "nothing is offered." : offered.joined(separator: ", ") + ".")
    ]
    if service.list != nil, service.listShowsSecrets {
      lines.append("That list shows secrets as far as they can be shown again.")
    }
    for refusal in [Refusal.keyLimitReached, .lastKey] where policy.keyLimit != nil {
      let status = service.errors[refusal.code]?.status ?? refusal.status
      lines.append("There `\(refusal.code)` is answered with \(status).")
    }
    return lines
  }

  private static func webhooks(_ rules: WebhookRules) -> [String] {
    let max = rules.max.map { "At most \(count($0, "webhook"))" } ?? "Any number of webhooks"
    return [
      "\(max) per account; a delivery is tried \(count(rules.retry.count, "time")) over "
        + "\(duration(rules.retry.reduce(0, +))) and may take \(duration(rules.timeoutSeconds))."
    ]
  }

  private static func refusal(_ refusal: Refusal) -> String {
    "\(refusal.status) `\(refusal.code)`."
  }

  private static func denial(_ code: DecisionCode, _ policy: Policy) -> String {
    guard let template = policy.errorTemplate(for: code) else { return "a problem document." }
    return "\(template.status)."
  }

  static func count(_ number: Int, _ what: String) -> String {
    "\(number) \(what)" + (number == 1 ? "" : "s")
  }

  static func duration(_ seconds: Int64) -> String {
    for (size, name) in [(86_400, "day"), (3600, "hour"), (60, "minute")] as [(Int64, String)]
    where seconds >= size && seconds % size == 0 {
      return count(Int(seconds / size), name)
    }
    return count(Int(seconds), "second")
  }

  private static func time(_ second: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(two(second / 3600)):\(two(second / 60 % 60)) UTC"
  }
}
