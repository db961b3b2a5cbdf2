// A host leads to one project: the gateway must never have to choose.
internal import KeyModel
internal import Storage

struct HostRule {
  let policies: PolicyLibrary

  /// Throws 409 where a host of the project, or of one of its environments, is another project's.
  func check(_ project: Project, _ policy: Policy, _ tx: Transaction) throws {
    let wanted = Self.hosts(project, policy)
    guard !wanted.isEmpty else { return }
    for other in try tx.projects.all() where other.id != project.id {
      let taken = Self.hosts(other, try policies.policy(of: other).policy)
      if let host = wanted.intersection(taken).min() {
        throw Problem(.hostTaken, "The host \(host) belongs to another project.")
      }
    }
  }

  private static func hosts(_ project: Project, _ policy: Policy) -> Set<String> {
    Set(project.hosts).union(policy.environments.flatMap(\.hosts))
  }
}
