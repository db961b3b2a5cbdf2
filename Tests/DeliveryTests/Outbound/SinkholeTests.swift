// Nothing a customer can write or have resolved leads to an address that is not called. A sinkhole
// listens on both loopback addresses and must hear nothing.
import HTTPServer
import Synchronization
import Testing

@testable import Delivery

@Suite("Server-side request forgery")
struct SinkholeTests {
  /// Somewhere else: with it names are taken on every port, so that only the guard stands before
  /// the sinkhole.
  private static let elsewhere = ["198.18.7.0/24"]

  private static func refused(
    _ result: Result<OutboundAnswer, OutboundFailure>, _ reasons: OutboundFailure.Reason...
  ) -> Bool {
    guard case .failure(let failure) = result else { return false }
    return reasons.contains(failure.reason) && !failure.mayHaveArrived
  }

  @Test("No URL of the corpus reaches it")
  func corpus() async throws {
    let sinkhole = try Sinkhole()
    let transport = try RunningTransport(allow: Self.elsewhere)
    for url in URLCorpus.hostile(port: sinkhole.port) {
      let result = await transport.post(url)
      #expect(
        Self.refused(result, .urlRefused, .addressRefused, .nameNotResolved), "\(url): \(result)")
    }
    #expect(sinkhole.connections == 0)
  }

  @Test("No name that resolves to such an address reaches it")
  func resolved() async throws {
    let sinkhole = try Sinkhole()
    let addresses = HostileAddresses.all
    let transport = try RunningTransport(allow: Self.elsewhere) { url in
      let index = Int(url.host.dropFirst().prefix { $0 != "." }) ?? 0
      return ["\(url.host):\(url.port):\(addresses[index])"]
    }
    for (index, address) in addresses.enumerated() {
      let result = await transport.post("https://n\(index).test:\(sinkhole.port)/")
      #expect(Self.refused(result, .addressRefused), "\(address): \(result)")
    }
    #expect(sinkhole.connections == 0)
  }

  @Test("A sinkhole hears whoever does reach it")
  func control() async throws {
    let sinkhole = try Sinkhole()
    let transport = try RunningTransport(allow: ["127.0.0.0/8", "::1"])
    for host in ["127.0.0.1", "[::1]"] {
      let result = await transport.post("https://\(host):\(sinkhole.port)/")
      #expect(Self.refused(result, .tlsFailed, .connectionLost), "\(result)")
    }
    #expect(sinkhole.connections == 2)
  }

  @Test("Of several addresses those that may be called are, the others are passed over")
  func several() async throws {
    let certificate = try Certificate()
    let receiver = try Receiver(certificate, address: "127.0.0.2")
    let transport = try RunningTransport(
      allow: ["127.0.0.2"], authorities: certificate.file
    ) { ["\($0.host):\($0.port):127.0.0.1,[::1],169.254.169.254,127.0.0.2"] }
    let answer = try await transport.post("https://mixed.test:\(receiver.port)/ok").get()
    #expect(answer.status == 200)
  }

  @Test("10,000 changes of where a name leads bring no connection to what is not called")
  func rebinding() async throws {
    let certificate = try Certificate()
    let (receiver, sinkhole) = try Self.onOnePort(certificate)
    let port = receiver.port
    let turn = Atomic<Int>(0)
    // The first and then each hundredth answer is the address that may be called; each connection
    // ends with its answer, so that every call asks again.
    let hostile = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.0.0.3"]
    let transport = try RunningTransport(
      allow: ["127.0.0.2"], authorities: certificate.file
    ) { url in
      let number = turn.add(1, ordering: .relaxed).oldValue
      let address = number % 100 == 0 ? "127.0.0.2" : hostile[number % hostile.count]
      return ["-\(url.host):\(url.port)", "\(url.host):\(url.port):\(address)"]
    }
    var reached = 0
    for number in 0..<10_000 {
      let result = await transport.post("https://rebind.test:\(port)/closing")
      if number % 100 == 0 {
        reached += (try? result.get().status) == 200 ? 1 : 0
      } else {
        #expect(Self.refused(result, .addressRefused), "\(number): \(result)")
      }
    }
    #expect(reached == 100)
    #expect(receiver.requests.count == 100)
    #expect(sinkhole.connections == 0)
  }

  /// A port that is free on one address may be taken on another.
  private static func onOnePort(_ certificate: Certificate) throws -> (Receiver, Sinkhole) {
    for _ in 0..<50 {
      let receiver = try Receiver(certificate, address: "127.0.0.2")
      if let sinkhole = try? Sinkhole(port: UInt16(receiver.port)) { return (receiver, sinkhole) }
    }
    throw Failed(text: "no port is free on both addresses")
  }

  @Test("A connection that was kept is judged again before each request")
  func keptConnections() throws {
    let trust = try TrustStore(authorities: nil)
    let addresses = AddressGuard(allow: [])
    let url = try EndpointURL.read("https://example.com/", addresses)
    let request = OutboundRequest(url: url.text, headers: [], body: [], timeoutSeconds: 1)
    for (address, port, isCalled) in [
      ("127.0.0.1", 443, false), ("::1", 443, false), ("fe80::1%lo", 443, false),
      ("8.8.8.8", 443, true), ("8.8.8.8", 80, false), ("", 443, false), ("8.8.8.8", -1, false),
    ] as [(String, Int32, Bool)] {
      let transfer = PostTransfer(request, url, [], addresses, trust) { _ in }
      let verdict = address.withCString {
        transfer.admit(UnsafeMutablePointer(mutating: $0), port)
      }
      #expect((verdict == 0) == isCalled, "\(address)")
      #expect(transfer.facts.mayHaveArrived == isCalled)
    }
  }
}
