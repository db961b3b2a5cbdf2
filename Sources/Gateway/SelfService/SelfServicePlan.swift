// What the gateway needs to serve a project's self-service API, worked out once per change of the
// project; and the port to whoever changes keys, which is not this side's to know.
import KeyModel

/// Does what an admitted key asked for. Called from any thread.
package protocol SelfServicePort: Sendable {
  func serve(_ request: SelfServiceRequest) async -> SelfServiceOutcome
}

final class SelfServicePlan {
  let mount: SelfServiceMount
  let service: SelfService
  let shape: SelfServiceShape
  let answerHeaders: [ErrorTemplate.Header]
  /// Worded by the API's own entries where it has some.
  let denials: DenialPlan

  /// Nil where the policy has no self-service API.
  init?(_ policy: Policy, realm: String) {
    guard let mount = SelfServiceMount(policy), let service = policy.selfService else {
      return nil
    }
    self.mount = mount
    self.service = service
    shape = SelfServiceShape(policy)
    answerHeaders = policy.answerHeaders
    denials = DenialPlan(policy: policy.inSelfService, realm: realm)
  }

  /// The action that method and place name, with the answer that the policy has for it.
  func action(
    _ method: UnsafeRawBufferPointer, _ place: SelfServiceMount.Place,
    query: UnsafeRawBufferPointer?
  ) -> Result<SelfServiceRequest.Action, SelfServiceRefusal> {
    let list = SelfServiceRequest.Action.list(SelfServiceRules.page(query))
    let offers: [(method: StaticString, action: SelfServiceRequest.Action)] =
      switch place {
      case .root: [("GET", list), ("HEAD", list), ("POST", .create)]
      case .reset: [("POST", .reset)]
      case .key(let id): [("DELETE", .delete(id: id))]
      case .elsewhere, .unknown, .ambiguous: []
      }
    if place == .ambiguous {
      return .failure(
        SelfServiceRefusal(
          "malformed_request", status: 400, "The path could be read in more than one way."))
    }
    let offered = offers.filter { answer(to: $0.action) != nil }
    if let found = offered.first(where: { ByteText.equal(method, $0.method) }) {
      return .success(found.action)
    }
    guard !offered.isEmpty else {
      return .failure(SelfServiceRefusal("not_found", status: 404, "Not found."))
    }
    let allow = offered.map { $0.method.description }
    return .failure(
      SelfServiceRefusal(
        "method_not_allowed", status: 405,
        "This path has: \(allow.joined(separator: ", ")).", allow: allow))
  }

  func answer(to action: SelfServiceRequest.Action) -> SelfService.Answer? {
    switch action {
    case .list: service.list
    case .create: service.create
    case .delete: service.delete
    case .reset: service.reset
    }
  }
}
