// How one JSON document became another: as a list for people, and as the merge patch (RFC 7396)
// that makes the one of the other.

package struct JSONDifference: Hashable, Sendable {
  package var pointer: JSONPointer
  /// Nil: was not there.
  package var old: JSONValue?
  /// Nil: is gone.
  package var new: JSONValue?

  /// In the order of the old document, what is new last. Arrays differ as wholes.
  package static func between(
    _ old: JSONValue, _ new: JSONValue, at pointer: JSONPointer = JSONPointer()
  ) -> [JSONDifference] {
    if old == new { return [] }
    guard case .object(let before) = old, case .object(let after) = new else {
      return [JSONDifference(pointer: pointer, old: old, new: new)]
    }
    let names =
      before.members.map(\.name)
      + after.members.map(\.name).filter { before[$0] == nil }
    return names.flatMap { name -> [JSONDifference] in
      let place = pointer.appending(name)
      guard let left = before[name], let right = after[name] else {
        return [JSONDifference(pointer: place, old: before[name], new: after[name])]
      }
      return between(left, right, at: place)
    }
  }
}

extension JSONMergePatch {
  /// Applied to `old` it gives `new`, members that are null in `new` aside; nil where nothing
  /// differs.
  package static func making(_ new: JSONObject, of old: JSONObject) -> JSONValue? {
    var patch = JSONObject()
    for member in old.members where new[member.name] == nil { patch[member.name] = .null }
    for member in new.members {
      let before = old[member.name]
      if before == member.value { continue }
      if case .object(let left)? = before, case .object(let right) = member.value {
        patch[member.name] = making(right, of: left)
      } else {
        patch[member.name] = member.value
      }
    }
    return patch.members.isEmpty ? nil : .object(patch)
  }
}
