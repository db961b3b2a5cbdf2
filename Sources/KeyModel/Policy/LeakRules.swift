// What a project does about a secret that was found where it should not be.

package struct LeakRules: Sendable, Hashable {
  package enum Action: String, Sendable, CaseIterable {
    /// The key ends at once.
    case revoke
    /// The key goes on with a new secret.
    case rotate
    /// The account is told, and nothing else.
    case notify
  }
  package var action = Action.revoke
  /// Under `rotate`: how long the secret that was found is accepted still.
  package var overlapSeconds: Int64 = 0
  package init() {}
}

extension LeakRules.Action: PolicyChoice {}

extension PolicyReader {
  static func leaks(_ cursor: PolicyCursor, _ rules: inout LeakRules) {
    cursor.choice("action", &rules.action)
    cursor.integer("overlap_seconds", &rules.overlapSeconds, 0...year)
  }
}
