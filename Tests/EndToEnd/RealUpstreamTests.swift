// The gateway in front of programs that were not written for these tests: Prometheus' API and
// nginx with large files. Bodies in both directions, ranges, HEAD.
import Foundation
import Testing

@Suite("Real upstreams", .serialized)
struct RealUpstreamTests {
  @Test("Prometheus answers queries through the gateway, by GET and by POST")
  func prometheus() throws {
    let prometheus = try Prometheus()
    let world = try World(upstream: prometheus.url)
    let key = try world.issue()
    let query = try world.call("/api/v1/query?query=1%2B1", key: key.secret)
    #expect(query.status == 200)
    let json = try query.json()
    #expect(json["status"].string == "success")
    #expect(json["data"]["result"][1].string == "2")
    let posted = try world.call(
      "/api/v1/query", key: key.secret, method: "POST",
      arguments: ["--data-urlencode", "query=vector(7)"])
    #expect(try posted.json()["data"]["result"][0]["value"][1].string == "7")
    let bad = try world.call("/api/v1/query?query=%28", key: key.secret)
    #expect(bad.status == 400)
    #expect(try bad.json()["errorType"].string == "bad_data")
    let packed = try world.call(
      "/api/v1/status/buildinfo", key: key.secret, arguments: ["--compressed"])
    #expect(try packed.json()["data"]["version"].exists)
    #expect(try world.call("/api/v1/query?query=1").status == 401)
  }

  @Test("A file of 100 MB comes through whole, in ranges, and not at all for HEAD")
  func largeFile() throws {
    let folder = try Folder()
    let port = try freePort()
    let big = folder.file("big.bin")
    let made = try run(["sh", "-c", "head -c 104857600 /dev/urandom > \(big)"])
    #expect(made.status == 0)
    let nginx = try Nginx(
      folder: folder, http: "server { listen 127.0.0.1:\(port); root \(folder.path); }",
      ports: [port])
    defer { withExtendedLifetime(nginx) {} }
    let world = try World(upstream: "http://127.0.0.1:\(port)")
    let key = try world.issue()
    let fetched = folder.file("fetched.bin")
    let got = try run([
      "curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--output", fetched,
      "--header", "Authorization: Bearer \(key.secret)", world.latchkey.gateway + "/big.bin",
    ])
    #expect(got.status == 0, "\(got.errors)")
    #expect(try run(["cmp", big, fetched]).status == 0)
    let range = try world.call(
      "/big.bin", key: key.secret, arguments: ["--range", "52428800-52429823"])
    #expect(range.status == 206)
    #expect(range.header("Content-Range") == "bytes 52428800-52429823/104857600")
    let original = try FileHandle(forReadingFrom: URL(filePath: big))
    try original.seek(toOffset: 52_428_800)
    #expect(try original.read(upToCount: 1024) == range.body)
    let head = try world.call("/big.bin", key: key.secret, method: "HEAD")
    #expect(head.status == 200)
    #expect(head.header("Content-Length") == "104857600")
    let unchanged = try world.call(
      "/big.bin", key: key.secret,
      headers: ["If-None-Match: \(try #require(head.header("ETag")))"])
    #expect(unchanged.status == 304)
  }

  @Test(
    "Uploads reach the upstream byte for byte, chunked and with a length, and come back chunked")
  func uploads() throws {
    let world = try World()
    let key = try world.issue()
    let folder = try Folder()
    let file = folder.file("upload.bin")
    _ = try run(["sh", "-c", "head -c 20000000 /dev/urandom > \(file)"])
    let sum = try run(["sha256sum", file]).output.prefix(64)
    for framing in [["--header", "Transfer-Encoding: chunked"], []] {
      let arguments = ["--data-binary", "@\(file)"] + framing
      let echoed = try world.call("/echo", key: key.secret, method: "POST", arguments: arguments)
      #expect(echoed.status == 200)
      #expect(try echoed.json()["sha256"].string ?? "" == sum)
      let mirrored = try world.call(
        "/mirror", key: key.secret, method: "POST", arguments: arguments)
      #expect(mirrored.body == FileManager.default.contents(atPath: file))
    }
    let expecting = try world.call(
      "/echo", key: key.secret, method: "POST",
      arguments: ["--header", "Expect: 100-continue", "--data-binary", "@\(file)"])
    #expect(try expecting.json()["length"].int == 20_000_000)
  }

  @Test("An upstream that is too slow is 504 after the project's own time")
  func slow() throws {
    let world = try World()
    let key = try world.issue()
    try world.latchkey.expect(200, "PATCH", "/v1/projects/demo", ["upstream_timeout_seconds": 4])
    #expect(try world.call("/slow?ms=1", key: key.secret).status == 200)
    #expect(try world.call("/slow?ms=20000", key: key.secret).status == 504)
  }
}
