// A whole answer as a value. Must not know connections.

package struct ResponseHeader: Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A whole answer, as the control plane makes them.
package struct Response: Sendable {
  package var status: Int
  /// Without Date, Connection, Content-Length and Transfer-Encoding, which are the engine's; those
  /// and fields that are not a token and a printable value are left out.
  package var headers: [ResponseHeader]
  package var body: [UInt8]

  package init(status: Int, headers: [ResponseHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
