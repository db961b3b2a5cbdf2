// The thread that drives the outbound transport of a running server.
internal import Delivery

final class Outbound: Sendable {
  let transport: CurlTransport
  private let running: Task<Void, Never>

  /// Starts the thread; `stop` ends it.
  init(_ transport: CurlTransport) {
    self.transport = transport
    running = Task { await OffThread.run { transport.run() } }
  }

  /// - Throws: `config` where the certificates cannot be read.
  static func transport(_ settings: OutboundSettings) throws(ToolError) -> CurlTransport {
    do {
      return try CurlTransport(allow: settings.allow, authorities: settings.authorities)
    } catch {
      throw ToolError(.config, "outbound-ca: \(error)")
    }
  }

  /// After whoever calls out has begun to stop: what is under way may end until `end`.
  func stop(by end: ContinuousClock.Instant) async {
    transport.drain()
    let limit = Task { [transport] in
      try await Task.sleep(until: end, clock: .continuous)
      transport.cut()
    }
    await running.value
    limit.cancel()
  }
}
