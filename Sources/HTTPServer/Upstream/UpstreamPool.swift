// Kept-alive connections to upstreams, and the way to a new one. Must not know what goes over them.

import COpenSSL

/// Kept-alive connections of one worker to its upstreams. Confined to that worker's thread.
package final class UpstreamPool {
  let worker: Worker
  private let resolver: Resolver
  private let authorities: String?
  /// Made when the first upstream wants it: reading every authority takes tens of milliseconds.
  private lazy var tls = TLSClientContext(authorities: authorities)
  private var places: [UpstreamTarget: UpstreamPlace] = [:]
  private var lastPlace: UpstreamPlace?

  /// `authorities` is a PEM file that replaces the system's certificate authorities.
  package init(worker: Worker, authorities: String? = nil) {
    self.worker = worker
    resolver = Resolver(worker)
    self.authorities = authorities
  }

  /// Sends a request whose head is `head` (request line and all fields, ending in an empty line).
  /// A request of which no body was sent, on a reused connection that died unanswered, is sent once
  /// more on a fresh one, unless its method is not idempotent and it may have arrived. The timeout
  /// is from now, and from the last piece of the request's body, to the head of the answer, and
  /// between bytes after that. The delegate is not called before this returns.
  package func send(
    to target: UpstreamTarget, head: UnsafeRawBufferPointer, body: Framing, timeoutSeconds: Int,
    delegate: any UpstreamDelegate
  ) -> UpstreamCall {
    let place = place(target)
    let call = UpstreamCall(
      worker: worker, place: place, head: head, body: body, timeoutSeconds: timeoutSeconds,
      delegate: delegate)
    if let connection = place.idle.popLast() {
      connection.begin(call, reused: true)
    } else {
      open(call)
    }
    return call
  }

  private func place(_ target: UpstreamTarget) -> UpstreamPlace {
    if let lastPlace, lastPlace.target == target { return lastPlace }
    let place = places[target] ?? UpstreamPlace(target)
    places[target] = place
    lastPlace = place
    return place
  }

  /// A fresh connection for `call`.
  func open(_ call: UpstreamCall) {
    if let address = IPAddress(call.place.target.host) {
      call.addresses = [address]
      return connect(call)
    }
    let timer = worker.schedule(afterMilliseconds: Int(call.timeout)) { [weak call] in
      guard let call, call.connection == nil else { return }
      Self.fail(call, .timedOut)
    }
    resolver.resolve(call.place.target.host) { [weak self] addresses in
      timer.cancel()
      guard let self, call.delegate != nil else { return }
      call.addresses = addresses[...]
      connect(call)
    }
  }

  /// Tries the next address.
  func connect(_ call: UpstreamCall) {
    while let address = call.addresses.popFirst() {
      guard let session = makeSession(call.place.target) else { break }
      guard
        let connection = UpstreamConnection(
          pool: self, place: call.place, address: address, tls: session.tls)
      else { continue }
      return connection.begin(call, reused: false)
    }
    // Later, because the caller does not hold the call yet.
    let box = CallBox(call: call)
    worker.post { Self.fail(box.call, .unreachable) }
  }

  private func makeSession(_ target: UpstreamTarget) -> (tls: OpaquePointer?, Void)? {
    guard target.tls else { return (nil, ()) }
    return tls.makeSession(target.host).map { ($0, ()) }
  }

  static func fail(_ call: UpstreamCall, _ error: UpstreamError) {
    call.delegate.take()?.upstreamFailed(error)
  }
}

/// What is known of one target.
final class UpstreamPlace {
  let target: UpstreamTarget
  /// The one used last is taken first, so that the others may grow old and close.
  var idle = ContiguousArray<UpstreamConnection>()
  /// Connections that may become idle ones.
  var onProbation = 0

  var kept: Int { idle.count + onProbation }

  init(_ target: UpstreamTarget) { self.target = target }
}

// Unchecked: posted by a worker to itself.
private struct CallBox: @unchecked Sendable {
  let call: UpstreamCall
}
