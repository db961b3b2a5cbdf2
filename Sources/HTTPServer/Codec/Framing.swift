// How the end of a body is known. Must not parse.

package enum Framing: Sendable, Equatable {
  case length(Int)
  /// Also an upstream answer that ends with its connection, which a client must get as chunked.
  case chunked
  /// No body whatever the headers say: HEAD, 204, 304.
  case none
}
