// Tells of shares of a quota that were reached, in the transaction that reserved the calls: the row
// remembers what was told, so that each share is told once a day.
internal import Crypto
internal import Delivery
internal import KeyModel
package import Storage

extension UseCases {
  /// What a refiller's outbox does.
  package func tellOfQuotas(_ notices: [QuotaNotice], _ tx: Transaction) throws {
    var context = ChangeContext(
      view: View(tx: tx, principal: .local, operation: .getUsage), now: clock.now(),
      entropy: entropy, policies: policies, publicURL: publicURL)
    for notice in notices {
      guard let account = try tx.accounts.find(notice.subject.account) else { continue }
      try context.emit(
        .quotaThreshold, project: account.projectID, account: account.id, notice.eventData)
      try context.mail(
        .quotaReached(
          percent: notice.percent, limit: notice.limit, scope: notice.scope,
          resetsAt: notice.resetsAt),
        project: account.projectID, account: account.id)
    }
    // Before the commit: a hint that comes too early is made up for by the next look.
    deliverySignal.wake(context.woken)
  }
}

extension QuotaNotice {
  fileprivate var resetsAt: Timestamp { dayStart.adding(seconds: 86_400) }

  /// As `EventKind.schema` describes it.
  fileprivate var eventData: JSONObject {
    var data: JSONObject = [
      "percent": .integer(percent), "limit": .integer(limit), "used": .integer(used),
      "resets_at": Represent.time(resetsAt),
    ]
    switch scope {
    case .application:
      data["application_id"] = .string(ApplicationID(bits: subject.id).description)
    case .key: data["key_id"] = .string(KeyID(bits: subject.id).description)
    case .account, .address: break
    }
    return data
  }
}
