// Names of upstreams and what may go wrong with them. Must not open anything.

package struct UpstreamTarget: Hashable, Sendable {
  /// A name or an address; IPv6 without brackets.
  package var host: String
  package var port: UInt16
  package var tls: Bool

  package init(host: String, port: UInt16, tls: Bool) {
    self.host = host
    self.port = port
    self.tls = tls
  }
}

package enum UpstreamError: Error, Sendable {
  /// No connection could be had (refused, unresolvable, TLS failed): 502.
  case unreachable
  /// The answer was cut off or not HTTP/1.1: 502 where nothing was sent on yet.
  case broken
  /// 504.
  case timedOut
}

/// Called on the worker's thread. After `upstreamEnded` or `upstreamFailed` nothing more comes.
package protocol UpstreamDelegate: AnyObject {
  /// Ready for (more of) the request body.
  func upstreamWantsBody()
  func upstreamResponded(_ head: UpstreamResponseHead)
  func upstreamBody(_ bytes: UnsafeRawBufferPointer)
  func upstreamEnded()
  func upstreamFailed(_ error: UpstreamError)
}
