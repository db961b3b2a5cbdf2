// RFC 7396: a document that says how another one is to be changed.

package enum JSONMergePatch {
  /// Members of `patch` replace those of `target`, null removes; anything but an object replaces
  /// the whole.
  package static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var result = target.object ?? JSONObject()
    for member in changes.members {
      if member.value == .null {
        result[member.name] = nil
      } else {
        result[member.name] = apply(member.value, to: result[member.name] ?? .null)
      }
    }
    return .object(result)
  }
}
