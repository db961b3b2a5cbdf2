// Where deliveries come from, for the allow-lists of those who receive them. The operator says it:
// a server behind address translation cannot know.
internal import KeyModel

extension UseCases {
  /// Whoever is somebody may read it: it is the same for every project and account.
  package func listOutgoingAddresses(
    _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try principal.require(.listOutgoingAddresses, on: .server)
    return page.answer(of: outgoingAddresses) { .string($0) }
  }
}
