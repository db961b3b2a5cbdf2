// Which calls a rule is about: a method and a path.

/// `{"method":"GET","path":"/v1/*"}`; `*` as method is any, `*` at the end of a path is any rest.
package struct RoutePattern: Sendable, Hashable {
  /// Upper case, or `*`.
  package var method: String
  /// Begins with a slash; `*` only as its last character.
  package var path: String
  package init(method: String, path: String) {
    self.method = method
    self.path = path
  }
}
