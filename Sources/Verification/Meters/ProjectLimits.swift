// The limits of a project's policy, worked out once per change of it. They belong to one worker.
import KeyModel

package final class ProjectLimits {
  let rules: ContiguousArray<RateRule>
  private let routes: ContiguousArray<RateRoutes>
  let concurrency: Concurrency?
  let quota: QuotaRule?
  /// A path must be looked at.
  let haveRoutes: Bool
  /// Some rule is asked also for calls that no key identifies.
  let haveAddresses: Bool
  /// Some rule counts calls by how they end: `MeterDesk.ended` must be told.
  package let haveFailures: Bool
  package let isEmpty: Bool
  /// What a caller may be told of each limit, by `MeterReading.limit`.
  package let names: [LimitName]

  init(_ policy: Policy, project: ProjectID, quota: QuotaRule?) {
    rules = RateRule.all(of: policy, project: project)
    routes = ContiguousArray(policy.rates.map(RateRoutes.init))
    concurrency = policy.concurrency
    self.quota = quota
    haveRoutes = rules.contains(where: \.hasRoutes)
    haveAddresses = rules.contains { $0.scope == .address }
    haveFailures = rules.contains(where: \.isOfFailures)
    isEmpty = rules.isEmpty && concurrency == nil && quota == nil
    names = LimitName.all(of: policy)
  }

  /// Whether the rule counts the call.
  /// - Parameter isUnambiguous: what `PathGuard` says of the path.
  @inline(__always)
  func rule(_ index: Int, fits call: Call, isUnambiguous: Bool) -> Bool {
    !rules[index].hasRoutes || routes[index].fits(call, isUnambiguous: isUnambiguous)
  }

  /// In `names`, after the rules.
  var placeOfConcurrency: Int { rules.count }
  var placeOfQuota: Int { rules.count + (concurrency == nil ? 0 : 1) }
}

/// A limit as header fields name it; nothing in it tells who is counted.
package struct LimitName: Hashable, Sendable {
  /// Of letters, digits and dashes; each limit of a policy has another.
  package var name: String
  package var calls: Int64
  /// Nil where calls in flight are counted.
  package var seconds: Int64?

  /// Rate rules in the policy's order, then concurrency, then the quota.
  static func all(of policy: Policy) -> [LimitName] {
    var names: [LimitName] = []
    for rate in policy.rates {
      let base = "\(rate.scope.rawValue)-\(rate.seconds)s"
      let same = names.count { $0.name == base || $0.name.hasPrefix(base + "-") }
      names.append(
        LimitName(
          name: same == 0 ? base : "\(base)-\(same + 1)", calls: rate.calls, seconds: rate.seconds))
    }
    if let concurrency = policy.concurrency {
      names.append(LimitName(name: "in-flight", calls: Int64(concurrency.max)))
    }
    if let quota = policy.quota {
      names.append(LimitName(name: "daily", calls: quota.calls, seconds: 86_400))
    }
    return names
  }
}

/// Whose calls are counted: 128-bit values, 0 where there is none.
struct MeterSubjects {
  private var account: UInt128 = 0
  private var application: UInt128 = 0
  private var key: UInt128 = 0
  private var address: UInt128 = 0

  init(_ identity: Identity?, _ address: MeterAddress?) {
    if let identity {
      account = identity.accountID.bits
      application = identity.applicationID.bits
      key = identity.keyID.bits
    }
    if let address { self.address = address.subject }
  }

  /// Of a call on record.
  init(_ fields: RecordFields) {
    account = fields.account
    application = fields.application
    key = fields.key
    guard fields.addressHigh != 0 || fields.addressLow != 0 else { return }
    address = MeterAddress(high: fields.addressHigh, low: fields.addressLow).subject
  }

  @inline(__always)
  subscript(scope: MeterScope) -> UInt128 {
    switch scope {
    case .account: account
    case .application: application
    case .key: key
    case .address: address
    }
  }
}

/// Where a call comes from: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
package struct MeterAddress {
  private let high: UInt64
  private let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Who has an IPv6 address has at least its /64. Never 0.
  var subject: UInt128 {
    let isV4 = high == 0 && low >> 32 == 0xFFFF
    return UInt128(high) << 64 | UInt128(isV4 ? low : 1)
  }
}
