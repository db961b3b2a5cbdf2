// A transport with its thread, ended with the value.
import Foundation
import HTTPServer

@testable import Delivery

final class RunningTransport: Sendable {
  let transport: CurlTransport

  init(
    allow: [String] = ["127.0.0.0/8"], authorities: String? = nil,
    names: @escaping @Sendable (EndpointURL) -> [String] = { _ in [] }
  ) throws {
    transport = try CurlTransport(
      allow: allow.compactMap { CIDR($0) }, authorities: authorities, capacity: 64, names: names)
    Thread.detachNewThread { [transport] in transport.run() }
  }

  deinit { transport.cut() }

  func post(
    _ url: String, _ body: String = "{}", headers: [(name: String, value: String)] = [],
    seconds: Int64 = 10, maximumAnswer: Int = 64 << 10
  ) async -> Result<OutboundAnswer, OutboundFailure> {
    await transport.post(
      OutboundRequest(
        url: url, headers: headers, body: Array(body.utf8), timeoutSeconds: seconds,
        maximumAnswer: maximumAnswer))
  }
}
