// The outbound transport over libcurl: one loop, one thread that the owner lends it, connections
// kept between calls. Must not know what is delivered, nor when to try again.
package import HTTPServer

package final class CurlTransport: OutboundTransport {
  private let addresses: AddressGuard
  let trust: TrustStore
  let loop: CurlLoop
  /// Answers in place of the resolver's: lines as libcurl's RESOLVE takes them.
  private let names: @Sendable (EndpointURL) -> [String]

  /// - Parameters:
  ///   - allow: addresses of the operator's own that may be called, on any port.
  ///   - authorities: a PEM file of authorities trusted besides the system's.
  ///   - capacity: how many calls are under way at once; the others wait. More than webhooks
  ///     (480), cycles (50) and mails (20) take together, so that none waits for another.
  package convenience init(
    allow: [CIDR], authorities: String? = nil, capacity: Int = 600
  ) throws(CurlFault) {
    try self.init(allow: allow, authorities: authorities, capacity: capacity) { _ in [] }
  }

  /// - Parameter names: a test's resolver; where it gives nothing the system's is asked.
  init(
    allow: [CIDR], authorities: String?, capacity: Int,
    names: @escaping @Sendable (EndpointURL) -> [String]
  ) throws(CurlFault) {
    self.names = names
    addresses = AddressGuard(allow: allow)
    trust = try TrustStore(authorities: authorities)
    loop = try CurlLoop(capacity: capacity, keptConnections: capacity)
  }

  /// Blocks the thread it is given until `drain` or `cut`. Nothing is called before.
  package func run() { loop.run() }

  /// Takes no more calls; `run` returns when those under way have ended.
  package func drain() { loop.drain() }

  /// Ends every call now, as `cancelled`.
  package func cut() { loop.cut() }

  package func complaint(about url: String) -> String? {
    do throws(EndpointURLFault) {
      _ = try EndpointURL.read(url, addresses)
      return nil
    } catch {
      return error.sentence
    }
  }

  package func post(
    _ request: OutboundRequest
  ) async -> Result<OutboundAnswer, OutboundFailure> {
    let url: EndpointURL
    do { url = try EndpointURL.read(request.url, addresses) } catch {
      return .failure(OutboundFailure(.urlRefused, error.sentence, mayHaveArrived: false))
    }
    guard OutboundHead.isSendable(request.headers) else {
      return .failure(
        OutboundFailure(
          .cancelled, "A header of the request cannot be sent as it is.", mayHaveArrived: false))
    }
    return await withCheckedContinuation { continuation in
      let transfer = PostTransfer(request, url, names(url), addresses, trust) {
        continuation.resume(returning: $0)
      }
      if !loop.submit(transfer) { transfer.finish(nil, .none) }
    }
  }
}
