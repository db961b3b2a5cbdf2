// The policy that something stands under. It must not cache: the library does.
internal import KeyModel
internal import Storage

extension UseCases {
  func policy(of account: Account, _ view: View) throws -> Policy {
    try policy(ofProject: account.projectID, view)
  }

  func policy(of key: Key, _ view: View) throws -> Policy {
    try policy(ofProject: key.projectID, view)
  }

  func policy(of webhook: Webhook, _ view: View) throws -> Policy {
    try policy(ofProject: webhook.projectID, view)
  }

  /// Reads the project's row only where it is another than the one whose policy is known.
  private func policy(ofProject id: ProjectID, _ view: View) throws -> Policy {
    if let revision = try view.revision(id),
      let known = policies.policy(of: id, revision: revision)
    {
      return known
    }
    return try policies.policy(of: try view.project(id)).policy
  }
}
