// A request of the management API as a value, so that all of the API can be tried without a socket.

package struct ConsoleRequest: Sendable {
  package struct Field: Sendable {
    /// Lower case.
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var method: String
  /// Up to the question mark, percent-encoding untouched.
  package var path: String
  /// After the question mark; nil where there is none.
  package var query: String?
  /// Only those this API reads; see `readFields`.
  package var fields: [Field]
  package var body: [UInt8]
  /// Came in on the Unix socket of the data folder.
  package var isLocal: Bool

  package static let readFields = [
    "authorization", "content-type", "idempotency-key", "accept", "last-event-id",
    "github-public-key-identifier", "github-public-key-signature",
  ]
  /// Bytes of a body, where its route does not say otherwise.
  package static let bodyLimit = 64 * 1024

  package init(
    method: String, path: String, query: String? = nil, fields: [Field] = [],
    body: [UInt8] = [], isLocal: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.body = body
    self.isLocal = isLocal
  }

  func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }
}
