// DRAFT of the upstream half, which the files in Upstream/ replace.

package struct UpstreamResponseHead {
  package var status: Int { fatalError() }
  package var headers: HeaderList { fatalError() }
  package var framing: Framing { fatalError() }
}

/// Kept-alive connections of one worker to its upstreams.
package final class UpstreamPool {
  package init(worker: Worker) { fatalError() }
  /// Sends a request whose head is `head` (request line and all fields, ending in an empty line).
  /// A request without body on a reused connection that died unanswered is sent once more on a
  /// fresh one. The timeout is from now to the head of the answer, and between bytes after that.
  package func send(
    to target: UpstreamTarget, head: UnsafeRawBufferPointer, body: Framing, timeoutSeconds: Int,
    delegate: any UpstreamDelegate
  ) -> UpstreamCall { fatalError() }
}

package final class UpstreamCall {
  /// False: stop until `upstreamWantsBody`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool { fatalError() }
  package func endBody() { fatalError() }
  package func pause() { fatalError() }
  package func resume() { fatalError() }
  /// Gives up the answer and closes the connection.
  package func cancel() { fatalError() }
}
