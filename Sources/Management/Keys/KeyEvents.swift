// What webhooks are told of keys. Never a secret.
internal import KeyModel

extension ChangeContext {
  /// - Parameter more: members of `data` besides those of the key.
  mutating func emit(
    _ kind: EventKind, _ key: Key, _ more: @autoclosure () -> JSONObject = [:]
  ) throws {
    try emit(
      kind, project: key.projectID, account: key.accountID, environment: key.environment,
      key.eventData.merging(more()))
  }
}

extension Key {
  /// As `EventKind.schema` describes it.
  var eventData: JSONObject {
    [
      "key_id": .string(id.description),
      "public_id": Represent.text(publicID),
      "application_id": .string(applicationID.description),
      "environment": .string(environment),
      "kind": .string(kind.name),
      "access": .string(access.name),
      "name": .string(name),
      "hint": .string(shownVersion?.hint ?? ""),
    ]
  }
}
