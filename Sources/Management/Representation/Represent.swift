// How the resources look as JSON: the field names of the contract. It must not decide anything, and
// a secret gets in only where a function has a parameter for it.
package import Crypto
package import KeyModel

package enum Represent {
  package static func time(_ time: Timestamp?) -> JSONValue {
    time.map { .string(RFC3339.format($0)) } ?? .null
  }

  package static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  package static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  package static func project(_ project: Project, policy: JSONValue) -> JSONValue {
    [
      "id": .string(project.id.description),
      "slug": .string(project.slug),
      "name": .string(project.name),
      "profile": .string(project.profile),
      "policy": policy,
      "policy_patch": project.policyPatch,
      "upstream": text(project.upstream),
      "hosts": strings(project.hosts),
      "upstream_timeout_seconds": project.upstreamTimeoutSeconds.map { .integer($0) } ?? .null,
      "created_at": time(project.createdAt),
    ]
  }

  package static func account(_ account: Account, project: Project) -> JSONValue {
    [
      "id": .string(account.id.description),
      "project_id": .string(account.projectID.description),
      "project": .string(project.slug),
      "name": .string(account.name),
      "external_id": text(account.externalID),
      "plan": text(account.plan),
      "username": .string(account.username),
      "client_id": .string(account.clientID),
      "brands": strings(account.brands),
      "state": .string(account.state.name),
      "created_at": time(account.createdAt),
    ]
  }

  package static func application(_ application: Application) -> JSONObject {
    [
      "id": .string(application.id.description),
      "account_id": .string(application.accountID.description),
      "name": .string(application.name),
      "description": .string(application.description),
      "access": text(application.access?.name),
      "created_at": time(application.createdAt),
    ]
  }

  package static func member(_ member: Member, _ rules: MemberRules) -> JSONValue {
    let effective = rules.effective(of: member)
    return [
      "id": .string(member.id.description),
      "account_id": .string(member.accountID.description),
      "email": .string(member.email),
      "role": .string(member.role),
      "permissions": permissions(member.permissions),
      "effective_permissions": permissions(effective),
      "created_at": time(member.createdAt),
    ]
  }

  private static func permissions(_ held: Set<MemberPermission>) -> JSONValue {
    strings(MemberPermission.allCases.filter(held.contains).map(\.rawValue))
  }

  package static func operatorKey(
    _ key: OperatorKey, project: String?, token: Secret? = nil
  ) -> JSONValue {
    var value: JSONObject = [
      "id": .string(key.id.description),
      "name": .string(key.name),
      "scopes": strings(key.scopes),
      "project": text(project),
      "hint": .string(key.hint),
      "state": .string(key.revokedAt == nil ? "active" : "revoked"),
      "created_at": time(key.createdAt),
      "revoked_at": time(key.revokedAt),
    ]
    if let token { value[SecretMember.operatorKey] = .string(token.revealText()) }
    return .object(value)
  }

  package static func audit(_ entry: AuditEntry) -> JSONValue {
    [
      "id": .string(entry.id.description),
      "sequence": .integer(entry.sequence),
      "at": time(entry.at),
      "actor": .string(entry.actor),
      "action": .string(entry.action),
      "project_id": text(entry.projectID?.description),
      "account_id": text(entry.accountID?.description),
      "subject": .string(entry.subject),
      "detail": (try? JSONReader.read(entry.detail)) ?? .null,
      "previous_hash": .string(Hex.encode(entry.previousHash)),
      "hash": .string(Hex.encode(entry.hash)),
    ]
  }

  package static func list(_ data: [JSONValue], next: String?) -> JSONValue {
    ["data": .array(data), "next_cursor": text(next)]
  }
}
