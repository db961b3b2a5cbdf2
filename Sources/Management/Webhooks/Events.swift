// Use cases on events: the operator publishes one, anybody asks which types there are.
internal import Crypto
internal import Delivery
package import KeyModel
internal import Storage

extension UseCases {
  package func publishEvent(
    to id: AccountID, _ new: NewEvent, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.publishEvent, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      var findings: [Problem.Finding] = []
      let environment = policy.environment(wanted: new.environment, &findings)
      if !policy.webhooks.mayPublish(new.type) {
        findings.append(
          .init(
            pointer: "/type",
            EventKind(rawValue: new.type) == nil
              ? "is no event type of this project; see event-types"
              : "is said by the server alone"))
      }
      guard findings.isEmpty, let environment else { throw Problem.invalid(findings) }
      let eventID: EventID = entropy.newID(context.now)
      let webhooks = try context.outbox.write(
        new.type, project: account.projectID, account: id, environment: environment.name,
        new.data, id: eventID)
      context.wake(webhooks)
      context.audit(
        "event.published", project: account.projectID, account: id, subject: eventID,
        [
          "type": .string(new.type), "environment": .string(environment.name),
          "deliveries": .integer(Int64(webhooks.count)),
        ])
      return Answer(
        202,
        [
          "id": .string(eventID.description), "type": .string(new.type),
          "created_at": Represent.time(context.now), "account_id": .string(id.description),
          "environment": .string(environment.name),
          "deliveries": .integer(Int64(webhooks.count)),
        ])
    }
  }

  package func eventTypes(
    of slug: String, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listEventTypes, by: principal) { [policies] view in
      let project = try view.project(slug: slug)
      let rules = try policies.policy(of: project).policy.webhooks
      let own = rules.eventTypes.map {
        Represent.eventType($0.type, title: $0.title, schema: $0.schema, ofServer: false)
      }
      let ours = EventKind.allCases.map {
        Represent.eventType($0.rawValue, title: $0.title, schema: $0.schema, ofServer: true)
      }
      return page.answer(of: own + ours) { $0 }
    }
  }
}
