// Holds the harness itself to what the other tests take for granted: it must fail where the world
// does, or a green run means nothing.
import Foundation
import TestSupport
import Testing

@Suite("The harness")
struct HarnessTests {
  @Test("A program's exit code, output and errors are told apart")
  func child() throws {
    let ended = try run(["sh", "-c", "echo out; echo err >&2; exit 5"])
    #expect(ended.status == 5)
    #expect(ended.output == "out\n")
    #expect(ended.errors == "err\n")
  }

  @Test("A killed program counts as 128 and its signal, and a slow one as still running")
  func killed() throws {
    let folder = try Folder()
    let child = try Child(["sleep", "60"], folder: folder.path, name: "sleep")
    #expect(child.status == nil)
    #expect(throws: Failure.self) { try child.wait(seconds: 0.05) }
    #expect(child.stop(SIGKILL) == 137)
  }

  @Test("Curl gives status, headers and body of a real answer, and fails where nobody listens")
  func curl() throws {
    let echo = try EchoServer()
    let answer = try Curl.json("POST", echo.url + "/echo?a=1", ["b": 2], headers: ["X-One: 1"])
    #expect(answer.status == 200)
    #expect(answer.header("content-type") == "application/json")
    #expect(try answer.json()["target"].string == "/echo?a=1")
    #expect(try answer.json()["length"].int == 7)
    let free = try freePort()
    #expect(throws: Failure.self) { try Curl.call("http://127.0.0.1:\(free)/") }
  }

  @Test("A bare connection is kept for the next request, chunked bodies come back whole")
  func wire() throws {
    let echo = try EchoServer()
    let wire = try Wire(port: echo.port)
    for _ in 0..<2 {
      #expect(try wire.request("GET", "/up", token: nil).json()["ok"].bool == true)
    }
    let folder = try Folder()
    let file = try folder.write("body", String(repeating: "0123456789", count: 20_000))
    let mirrored = try Curl.call(
      echo.url + "/mirror",
      ["--header", "Transfer-Encoding: chunked", "--data-binary", "@\(file)"])
    #expect(mirrored.body.count == 200_000)
  }

  @Test("The PostgreSQL that tests start takes a database and dumps it")
  func postgres() throws {
    let cluster = try PostgresCluster()
    let url = try cluster.database("probe")
    let made = try run(["psql", "-q", "-d", url, "-c", "CREATE TABLE t AS SELECT 'canary' AS c"])
    #expect(made.status == 0)
    #expect(try cluster.dump(url).contains("canary"))
  }

  @Test("The binary under test stands beside the tests")
  func binary() {
    #expect(FileManager.default.isExecutableFile(atPath: Place.latchkey), "\(Place.latchkey)")
  }
}
