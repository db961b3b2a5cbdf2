// latchkey keys import with the built binary: both formats, a dry run, the report, running it
// again, and kill -9 in the middle.
import Foundation
import Testing

@Suite("Importing keys by the command line", .serialized)
struct ImportTests {
  private let world: World
  /// By the number of the secret.
  private let hashes: [String]
  private static let count = 30_000

  init() throws {
    world = try World()
    let script = """
      import hashlib
      for n in range(\(Self.count)):
        print(hashlib.sha256(b'legacy_live_%d_0123456789abcdef' % n).hexdigest())
      """
    let made = try run(["python3", "-c", script])
    hashes = made.output.split(separator: "\n").map(String.init)
    guard hashes.count == Self.count else { throw Failure("python3: \(made.errors)") }
  }

  private static func secret(_ number: Int) -> String { "legacy_live_\(number)_0123456789abcdef" }

  private func hash(_ number: Int) -> String { hashes[number] }

  private func importing(_ file: String, _ more: [String]) throws -> Finished {
    try world.latchkey.installation.command(
      ["keys", "import", "--project", world.project, "--file", file, "--json"] + more)
  }

  private func write(_ name: String, _ text: String) throws -> String {
    try world.latchkey.installation.folder.write(name, text)
  }

  private func counts(_ finished: Finished) throws -> [Int?] {
    let answer = try JSON(parsing: Data(finished.output.utf8))
    return ["rows", "imported", "already_imported", "refused"].map { answer[$0].int }
  }

  private func report(_ path: String) throws -> [(line: Int?, code: String?)] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      let json = try JSON(parsing: Data($0.utf8))
      return (json["line"].int, json["code"].string)
    }
  }

  /// With a byte order mark, CRLF, quoted cells and one row of each mistake.
  private func spoiled() throws -> String {
    let digits = Array(hash(2))
    let bytes = stride(from: 0, to: 64, by: 2).map {
      UInt8(String(digits[$0...($0 + 1)]), radix: 16)
    }
    let base64 = Data(bytes.compactMap { $0 }).base64EncodedString()
    let lines = [
      "Key Hash,external_id,environment,description,routes,note",
      "\(hash(1)),cust-1,production,\"Acme, \"\"old\"\"\",GET /v1/*;/status,x",
      "\(base64),cust-2,sandbox,,,", "",
      "\(hash(3)),cust-3,moon,,,", "\(hash(4)),cust-4,production",
      "\(hash(5)),cust-5,prod\"uction,,,", "nonsense,cust-6,production,,,",
      "\(hash(1)),cust-1,production,,,",
      "\(hash(7)),cust-7,production,\"two\r\nlines\",,",
      "\(hash(8)),cust-8,production,,;,", "\(hash(9)),cust-9,production,, ; ;,",
    ]
    return try write("keys.csv", "\u{FEFF}" + lines.joined(separator: "\r\n") + "\r\n")
  }

  @Test("CSV: a dry run, the import and the same again; each mistake with its line")
  func csv() throws {
    let file = try spoiled()
    let report = world.latchkey.installation.folder.file("report.ndjson")
    let more = [
      "--column", "Key Hash=hash", "--column", "note=-", "--create-missing", "--report", report,
    ]
    let wanted: [(line: Int?, code: String?)] = [
      (5, "validation_failed"), (6, "unreadable_row"), (7, "unreadable_row"),
      (8, "malformed_hash"), (9, "duplicate_in_request"), (12, "validation_failed"),
      (13, "validation_failed"),
    ]
    for dry in [true, false] {
      let finished = try importing(file, more + (dry ? ["--dry-run"] : []))
      #expect(finished.status == 5, "\(finished.errors)")
      #expect(try counts(finished) == [10, 3, 0, 7])
      let found = try self.report(report)
      #expect(found.map(\.line) == wanted.map(\.line) && found.map(\.code) == wanted.map(\.code))
      #expect(try world.code(Self.secret(1)) == (dry ? "malformed" : "valid"))
    }
    let again = try importing(file, more)
    #expect(again.status == 5)
    #expect(try counts(again) == [10, 0, 4, 6])
    let shown = try world.verify(["key": Self.secret(1), "method": "POST", "path": "/v1/x"])
    #expect(shown["code"].string == "route_not_allowed")
    #expect(try world.verify(["key": Self.secret(2)])["environment"].string == "sandbox")
    #expect(try world.code(Self.secret(8)) != "valid", "no routes are not all routes")
    #expect(try world.call("/v1/x", key: Self.secret(7)).status == 200)
    #expect(try !String(contentsOfFile: report, encoding: .utf8).contains(hash(1)))
  }

  @Test("NDJSON: secrets and hashes; a broken line is refused with its column, the others come in")
  func ndjson() throws {
    let lines = [
      #"{"secret":"\#(Self.secret(1))","name":"ünï"}"#, #"{"hash":"\#(hash(2))","#,
      "[]", "", #"{"hash":"\#(hash(3))","hint":"cdef"}"#,
    ]
    let file = try write("keys.ndjson", lines.joined(separator: "\n"))
    let more = ["--account", world.account, "--environment", "production"]
    let finished = try importing(file, more)
    #expect(finished.status == 5)
    #expect(try counts(finished) == [4, 2, 0, 2])
    #expect(finished.errors.contains("line 2, column "), "\(finished.errors)")
    #expect(try world.code(Self.secret(1)) == "valid")
    #expect(try world.code(Self.secret(2)) == "malformed")
    #expect(try world.code(Self.secret(3)) == "valid")
    let fine = try write("fine.ndjson", lines[4] + "\n" + lines[0])
    #expect(try importing(fine, more).status == 0, "what is there already is no refusal")
  }

  @Test("A wrong header, an open quotation mark, no project and no file say what is wrong")
  func mistakes() throws {
    let header = try importing(try write("a.csv", "hsh,name\nx,y\n"), [])
    #expect(header.status == 2 && header.errors.contains("did you mean hash?"), "\(header.errors)")
    let open = try importing(
      try write("b.csv", "hash,name\n\(hash(1)),ok\n\(hash(2)),\"never\nclosed"),
      ["--account", world.account, "--environment", "production"])
    #expect(open.status == 2 && open.errors.contains("line 3, column 66"), "\(open.errors)")
    #expect(try world.code(Self.secret(1)) == "valid", "the rows before it are in")
    #expect(try importing("/nowhere.csv", []).status == 3)
    #expect(try importing(try write("c.txt", ""), []).status == 2)
    let project = try world.latchkey.installation.command(
      ["keys", "import", "--project", "none", "--file", try write("d.csv", "hash\nx\n")])
    #expect(project.status == 4)
  }

  @Test("kill -9 in the middle: every batch is there whole or not at all, and the rest follows")
  func killed() throws {
    let count = Self.count
    let file = try write("many.csv", "hash\n" + hashes.joined(separator: "\n"))
    let more = ["--account", world.account, "--environment", "production"]
    let server = world.latchkey
    let installation = server.installation
    let client = try Child(
      [Place.latchkey, "keys", "import", "--project", world.project, "--file", file, "--json"]
        + ["--data", installation.data] + more,
      folder: installation.folder.path, name: "import")
    let began = try poll(seconds: 30) { try world.code(Self.secret(0)) == "valid" }
    server.child.stop(SIGKILL)
    let status = try client.wait(seconds: 30)
    #expect(began && status == 6, "\(status) \(client.errors)")
    let broken = Finished(status: status, output: client.output, errors: client.errors)
    let acknowledged = try #require(try counts(broken)[1])
    let next = try Latchkey(installation, name: "next")
    let wire = try Wire(port: next.apiPort)
    func isThere(_ number: Int) throws -> Bool {
      let answer = try wire.request(
        "POST", "/v1/verify", token: installation.operatorKey,
        ["project": world.project, "key": Self.secret(number)])
      return try answer.json()["code"].string == "valid"
    }
    var there = 0
    for batch in 0..<(count / 1000) {
      let probes = [0, 1, 499, 998, 999].map { batch * 1000 + $0 }
      let found = try probes.map(isThere)
      #expect(Set(found).count == 1, "batch \(batch) is there in part")
      if found[0] { there += 1000 }
    }
    #expect(there >= acknowledged && there < count, "\(there) of \(acknowledged)")
    let again = try importing(file, more)
    #expect(again.status == 0)
    #expect(try counts(again) == [count, count - there, there, 0])
    let audit = try installation.command(["audit", "verify"])
    #expect(audit.status == 0, "\(audit)")
  }
}
