// Deliveries a second of the outbound transport alone, against an HTTPS endpoint that somebody else
// runs. Prints wall time and this process's own processor time.
import Delivery
import Glibc
import HTTPServer

enum OutboundBench {
  /// - Parameter inFlight: calls under way at once.
  static func run(_ url: String, authorities: String, calls: Int, inFlight: Int) async throws {
    let loopback = ["127.0.0.0/8", "::1"].compactMap { CIDR($0) }
    let transport = try CurlTransport(allow: loopback, authorities: authorities)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<CurlTransport>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(transport).toOpaque())
    _ = await post(transport, url, calls: inFlight * 4, inFlight)
    let (start, cpu) = (ContinuousClock().now, processorSeconds())
    let delivered = await post(transport, url, calls: calls, inFlight)
    let used = processorSeconds() - cpu
    let took = start.duration(to: ContinuousClock().now)
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    transport.drain()
    pthread_join(thread, nil)
    print(
      """
      {"outbound_deliveries":\(delivered),"of":\(calls / inFlight * inFlight),\
      "in_flight":\(inFlight),\
      "per_second":\(Int(Double(delivered) / seconds)),\
      "cpu_us_each":\(Int(used / Double(calls) * 1e6))}
      """)
  }

  private static func post(
    _ transport: CurlTransport, _ url: String, calls: Int, _ inFlight: Int
  ) async -> Int {
    let request = OutboundRequest(
      url: url,
      headers: [
        ("Content-Type", "application/json"), ("webhook-id", "evt_01jd7w1k2m3n4p5q6r7s8t9v0w"),
        ("webhook-timestamp", "1795255200"),
        ("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
      ],
      body: Array(repeating: UInt8(ascii: "x"), count: 400), timeoutSeconds: 30)
    return await withTaskGroup(of: Int.self) { group in
      for _ in 0..<inFlight {
        group.addTask {
          var delivered = 0
          for _ in 0..<calls / inFlight {
            if (try? await transport.post(request).get().status) == 200 { delivered += 1 }
          }
          return delivered
        }
      }
      return await group.reduce(0, +)
    }
  }

  private static func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }
}
