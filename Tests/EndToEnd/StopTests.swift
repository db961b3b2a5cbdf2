// How a server ends at a signal other than the first SIGTERM.
import Foundation
import TestSupport
import Testing

@Suite("Stopping")
struct StopTests {
  @Test("SIGINT lets the call in flight finish and ends with code 130")
  func interrupted() throws {
    let world = try World()
    let wire = try slowCall(world, milliseconds: 600)
    kill(world.latchkey.child.pid, SIGINT)
    #expect(try wire.receive().status == 200)
    #expect(try world.latchkey.child.wait(seconds: 10) == 130)
  }

  @Test("For the drain delay calls are taken while readiness says that it stops")
  func announced() throws {
    let latchkey = try Latchkey(try Installation(), arguments: ["--drain-delay", "5"])
    kill(latchkey.child.pid, SIGTERM)
    usleep(300_000)
    let readiness = try Curl.call(latchkey.api + "/readyz")
    #expect(readiness.status == 503 && readiness.text.contains("stopping"))
    #expect(try latchkey.call("GET", "/v1/projects").status == 200)
    #expect(latchkey.child.status == nil)
    #expect(try latchkey.child.wait(seconds: 30) == 0)
  }

  @Test("SIGHUP lets the call in flight finish; a server that is to ignore it goes on")
  func hungUp() throws {
    let world = try World()
    let wire = try slowCall(world, milliseconds: 600)
    kill(world.latchkey.child.pid, SIGHUP)
    usleep(100_000)
    kill(world.latchkey.child.pid, SIGHUP)
    #expect(try wire.receive().status == 200)
    #expect(try world.latchkey.child.wait(seconds: 10) == 0)
    let deaf = try Latchkey(
      world.latchkey.installation, name: "deaf",
      launcher: ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
    kill(deaf.child.pid, SIGHUP)
    usleep(300_000)
    #expect(try Curl.call(deaf.api + "/livez").status == 200)
    #expect(deaf.child.stop(SIGTERM) == 0)
  }

  @Test("A second SIGTERM ends the server without waiting for its calls")
  func impatient() throws {
    let world = try World()
    let wire = try slowCall(world, milliseconds: 8000)
    kill(world.latchkey.child.pid, SIGTERM)
    usleep(300_000)
    #expect(world.latchkey.child.status == nil)
    kill(world.latchkey.child.pid, SIGTERM)
    #expect(try world.latchkey.child.wait(seconds: 3) == 1)
    withExtendedLifetime(wire) {}
  }

  @Test("An endpoint that hangs does not hold the server up; the next one calls it again")
  func hanging() throws {
    let world = try HookWorld()
    _ = try world.hook("/hang/30")
    try world.publish("order.created")
    #expect(try world.receiver.wait(1).count == 1)
    let begun = DispatchTime.now()
    kill(world.latchkey.child.pid, SIGTERM)
    #expect(try world.latchkey.child.wait(seconds: 20) == 0)
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) / 1e9
    // The three seconds that endpoints have, and what a busy machine takes for the rest.
    #expect(seconds < 6, "\(seconds)")
    let next = try Latchkey(world.latchkey.installation, arguments: world.receiver.arguments)
    let calls = try world.receiver.wait(2, seconds: 10)
    #expect(calls.count == 2 && Set(calls.map { $0.header("webhook-id") }).count == 1)
    withExtendedLifetime(next) {}
  }

  @Test("A mail server that takes the connection and never greets does not hold it up either")
  func hangingMails() throws {
    let (listener, port) = Loopback.listen()
    defer { close(listener) }
    let world = try World(arguments: [
      "--smtp-url", "smtp://127.0.0.1:\(port)", "--mail-from", "keys@localhost",
    ])
    try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(world.account)/members",
      ["email": "ann@example.com", "role": "admin"])
    try world.latchkey.expect(
      200, "POST", "/v1/leaks", ["token": try world.issue().secret, "url": "https://x/1"])
    // Returns once the server has called.
    let peer = try #require(Loopback.accept(listener))
    defer { close(peer) }
    let begun = DispatchTime.now()
    kill(world.latchkey.child.pid, SIGTERM)
    #expect(try world.latchkey.child.wait(seconds: 20) == 0)
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) / 1e9
    #expect(seconds < 15, "\(seconds)")
  }

  /// A gateway call that has reached the upstream, with its answer to come.
  private func slowCall(_ world: World, milliseconds: Int) throws -> Wire {
    let key = try world.issue().secret
    let wire = try Wire(port: world.latchkey.gatewayPort)
    let line = "GET /slow?ms=\(milliseconds) HTTP/1.1\r\n"
    try wire.send(Array((line + "Host: a\r\nAuthorization: Bearer \(key)\r\n\r\n").utf8))
    usleep(200_000)
    return wire
  }
}
