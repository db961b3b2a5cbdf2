// What `rotate` does about a secret that was found: a key that cycles by itself cycles now, so that
// its holder gets the new secret; any other gets it beside the old one for the policy's overlap, or
// in its place.
internal import KeyModel
internal import Storage

extension UseCases {
  func replace(
    _ leaked: KeyVersion, of key: Key, _ policy: Policy, _ context: inout ChangeContext
  ) throws {
    if leaked.state != .retiring, try cycle(key, leaked, &context) { return }
    let overlap = leaked.state == .active ? policy.leaks.overlapSeconds : 0
    if overlap > 0 {
      _ = try renew(key, policy, "key.rotated", force: true, &context) {
        .rotate($0, overlapSeconds: overlap)
      }
    } else {
      _ = try renew(key, policy, "key.reset", force: true, &context) { .reset($0) }
    }
  }

  /// False where the key does not cycle by itself.
  private func cycle(
    _ key: Key, _ leaked: KeyVersion, _ context: inout ChangeContext
  ) throws -> Bool {
    let scope = try CyclingScope(
      key.accountID, key.environment, context.view, policies, place: .body)
    guard let settings = scope.settings, settings.isEnabled, scope.account.state == .active,
      let rules = try? scope.requireAllowed()
    else { return false }
    var present = key
    if let open = try context.tx.cycles.open(of: key.id) {
      // What was found is on its way out already.
      guard leaked.id == open.newVersion else { return true }
      _ = try step(open, .supersede("leaked"), &context)
      present = try context.tx.keys.find(key.id) ?? key
    }
    _ = try begin(present, settings, scope.policy, rules, slot: nil, missed: 0, &context)
    return true
  }
}
