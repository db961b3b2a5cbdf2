// Joins the gateway's self-service port to the use cases. No rule belongs here.
internal import Gateway
internal import KeyModel
internal import Management

struct SelfServiceBridge: SelfServicePort {
  let management: UseCases

  func serve(_ request: SelfServiceRequest) async -> SelfServiceOutcome {
    await management.selfServe(request)
  }
}
