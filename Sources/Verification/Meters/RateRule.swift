// One rule of a policy's `rate`, worked out for decisions. It holds no state: cells do.
import KeyModel

/// Numbers alone: a call counts no reference of it. Which calls count is for `RateRoutes` to say.
struct RateRule {
  let calls: Int64
  let seconds: Int64
  let scope: MeterScope
  let countRefused: Bool
  /// Calls count when they have ended, and each request by itself.
  let isOfFailures: Bool
  /// Nanoseconds that one call takes of the window, rounded up: never more than `calls` a window.
  let interval: Int64
  /// Nanoseconds of as many calls as may come at once.
  let window: Int64
  /// Tells this rule's cells from those of others. A rule that is changed begins anew: what was
  /// counted under the one before says nothing about it.
  let number: UInt64
  let hasRoutes: Bool

  /// - Parameter twin: how many rules before this one count the same.
  init(_ rate: Rate, project: ProjectID, twin: Int) {
    calls = max(1, rate.calls)
    seconds = max(1, rate.seconds)
    scope = rate.scope
    countRefused = rate.countRefused
    isOfFailures = rate.identicalFailing
    interval = (seconds * 1_000_000_000 + calls - 1) / calls
    window = interval * calls
    number = Self.number(rate, project, twin)
    hasRoutes = rate.route != nil || !rate.except.isEmpty
  }

  /// The rules of a policy, in its order.
  static func all(of policy: Policy, project: ProjectID) -> ContiguousArray<RateRule> {
    var rules: ContiguousArray<RateRule> = []
    for (index, rate) in policy.rates.enumerated() {
      let twins = policy.rates[..<index].count { Self.isTwin($0, rate) }
      rules.append(RateRule(rate, project: project, twin: twins))
    }
    return rules
  }

  private static func isTwin(_ one: Rate, _ two: Rate) -> Bool {
    one.calls == two.calls && one.seconds == two.seconds && one.scope == two.scope
      && one.route == two.route && one.except == two.except
      && one.identicalFailing == two.identicalFailing
  }

  /// FNV-1a; it need not be unguessable, the cells' own hash is.
  private static func number(_ rate: Rate, _ project: ProjectID, _ twin: Int) -> UInt64 {
    var text = "\(project) \(rate.scope.rawValue) \(rate.calls) \(rate.seconds) \(twin)"
    if rate.identicalFailing { text += " failing" }
    for route in [rate.route].compactMap(\.self) + rate.except {
      text += "\n\(route.method) \(route.path)"
    }
    return text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

/// The calls that a rule counts.
struct RateRoutes {
  private let route: CompiledRoute?
  private let except: [CompiledRoute]

  init(_ rate: Rate) {
    route = rate.route.map(CompiledRoute.init)
    except = rate.except.map(CompiledRoute.init)
  }

  /// Whether the call counts. One whose path could be read in two ways counts wherever it might.
  /// - Parameter isUnambiguous: what `PathGuard` says of the path.
  func fits(_ call: Call, isUnambiguous: Bool) -> Bool {
    guard let route else { return !isExcepted(call, isUnambiguous) }
    if call.path.isEmpty { return false }
    if !isUnambiguous { return route.fits(method: call.method) }
    return route.fits(call) && !isExcepted(call, isUnambiguous)
  }

  private func isExcepted(_ call: Call, _ isUnambiguous: Bool) -> Bool {
    guard isUnambiguous, !call.path.isEmpty, !call.method.isEmpty else { return false }
    for route in except where route.fits(call) { return true }
    return false
  }
}

extension CompiledRoute {
  func fits(_ call: Call) -> Bool {
    method.withUnsafeBytes { method in
      path.withUnsafeBytes { path in
        RoutePattern.matches(
          method: call.method, path: call.path, patternMethod: method, patternPath: path)
      }
    }
  }

  func fits(method other: UnsafeRawBufferPointer) -> Bool {
    method == [UInt8(ascii: "*")] || other.isEmpty || method.elementsEqual(other)
  }
}
