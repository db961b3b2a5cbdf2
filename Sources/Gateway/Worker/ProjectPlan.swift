// What calls of one project need beyond its record, worked out once per change of the record.
import Crypto
import KeyModel
import Verification

final class ProjectPlan {
  let project: ProjectView
  /// Names of the policy's environments as they stand in heads, by index.
  let environments: FixedTexts
  /// Lower-case names of the headers that carry the credential.
  let credentialHeaders: FixedTexts
  let brandHeader: [UInt8]
  let recordedCalls: RecordRules.Calls
  /// Lower-case names of the headers that are put on record.
  let capturedHeaders: [[UInt8]]
  /// Nil where the project has none or its URL cannot be used.
  let upstream: UpstreamPlan?
  let denials: DenialPlan
  /// Nil where the policy has none.
  let answerHeaders: AnswerHeaders?
  let limitFields: LimitFields
  let assertionKey: HMACSHA256
  /// Nil where the policy has no self-service API.
  let selfService: SelfServicePlan?

  init(_ project: ProjectView) {
    self.project = project
    let policy = project.policy
    environments = FixedTexts(policy.environments.map { Array($0.name.utf8) })
    credentialHeaders = FixedTexts(policy.credential.headerNames.map { Array($0.utf8) })
    brandHeader = Array(policy.brandHeader.lowercased().utf8)
    recordedCalls = policy.records.calls
    capturedHeaders = policy.records.headers.map { Array($0.lowercased().utf8) }
    upstream = project.upstream.flatMap(UpstreamPlan.init)
    limitFields = LimitFields(project.limits.names)
    denials = DenialPlan(policy: policy, realm: project.slug)
    answerHeaders = AnswerHeaders(policy)
    assertionKey = HMACSHA256(key: project.assertionKey)
    selfService = SelfServicePlan(policy, realm: project.slug)
  }

  deinit {
    environments.free()
    credentialHeaders.free()
    limitFields.free()
  }

  func isFor(_ project: ProjectView) -> Bool {
    self.project.generation == project.generation && self.project.id == project.id
  }

  /// Empty where the policy no longer has the key's environment.
  func environment(of identity: Identity) -> UnsafeRawBufferPointer {
    environment(at: identity.environment)
  }

  /// Empty where there is none such.
  func environment(at index: Int) -> UnsafeRawBufferPointer {
    index >= 0 && index < environments.count
      ? environments[index] : UnsafeRawBufferPointer(start: nil, count: 0)
  }
}
