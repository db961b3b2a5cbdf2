// placeholder
extension Store {
  package func dump(toFile path: String) async throws { fatalError() }
  package func restore(fromFile path: String) async throws { fatalError() }
}
