// What the engine asks of the code behind it. Must not hold behaviour.

/// One per worker and listener; only ever called on that worker's thread.
package protocol RequestHandler: AnyObject {
  /// The head is complete and valid; the body is not read until asked for. The handler must bring
  /// the exchange to an end, now or later: respond, finish or abort.
  func handle(_ exchange: Exchange)
}

/// Hears what becomes of the client while it is being answered.
package protocol ExchangeWatcher: AnyObject {
  /// There is room again after `write` has said false.
  func clientDrained()
  /// Once, where the client is gone before the answer ended. Closing its sending half alone does
  /// not make it gone.
  func clientGone()
}

extension ExchangeWatcher {
  package func clientDrained() {}
}

package enum BodyError: Error, Sendable {
  case tooLarge, clientGone, tooSlow, malformed
}

/// Takes a request body piece by piece. The bytes are valid during the call only.
package protocol BodyReceiver: AnyObject {
  func bodyReceived(_ bytes: UnsafeRawBufferPointer)
  func bodyEnded()
  /// After `malformed` and `tooSlow` the engine answers 400 and 408 itself, unless an answer was
  /// begun during this call or before.
  func bodyFailed(_ error: BodyError)
}
