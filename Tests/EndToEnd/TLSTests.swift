// Both listeners over TLS, with a certificate that the test makes.
import Foundation
import Testing

@Suite("TLS", .serialized)
struct TLSTests {
  @Test("A key passes over TLS, and only clients that trust the certificate get that far")
  func tls() throws {
    let folder = try Folder()
    let (certificate, key) = (folder.file("cert.pem"), folder.file("key.pem"))
    let made = try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
      "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
    ])
    #expect(made.status == 0, "\(made.errors)")
    let echo = try EchoServer()
    let latchkey = try Latchkey(
      Installation(), arguments: ["--tls-certificate", certificate, "--tls-key", key])
    let token = latchkey.installation.operatorKey
    func call(_ method: String, _ url: String, _ token: String, _ body: Any? = nil) throws -> Answer
    {
      try Curl.json(method, url, token: token, body, arguments: ["--cacert", certificate])
    }
    let project: [String: Any] = ["slug": "demo", "name": "Demo", "upstream": echo.url]
    #expect(try call("POST", latchkey.api + "/v1/projects", token, project).status == 201)
    let account = try call(
      "POST", latchkey.api + "/v1/projects/demo/accounts", token, ["name": "Acme"]
    ).json()["id"].text()
    let issued = try call(
      "POST", latchkey.api + "/v1/accounts/\(account)/keys", token, ["environment": "production"]
    ).json()
    let passed = try call("GET", latchkey.gateway + "/echo", issued["secret"].text())
    #expect(passed.status == 200)
    let forwarded = try passed.json()["headers"].array?.first {
      $0[0].string?.lowercased() == "x-forwarded-proto"
    }
    #expect(forwarded?[1].string == "https")
    #expect(throws: Failure.self) { try Curl.call(latchkey.api + "/livez") }
    let plain = latchkey.api.replacing("https://", with: "http://")
    #expect(throws: Failure.self) { try Curl.call(plain + "/livez") }
    #expect(throws: Failure.self) {
      try Curl.call(latchkey.api + "/livez", ["--cacert", certificate, "--tls-max", "1.1"])
    }
    try commandLine(latchkey, certificate, folder)
  }

  /// The same server asked by the command line.
  private func commandLine(_ latchkey: Latchkey, _ certificate: String, _ folder: Folder) throws {
    func projects(_ more: [String], url: String) throws -> Finished {
      try run(
        [Place.latchkey, "projects", "list", "--server", url] + more,
        environment: ["LATCHKEY_TOKEN": latchkey.installation.operatorKey])
    }
    let trusted = try projects(["--ca", certificate], url: latchkey.api)
    #expect(trusted.status == 0 && trusted.output.contains("demo"), "\(trusted)")
    let byName = latchkey.api.replacing("127.0.0.1", with: "localhost")
    #expect(try projects(["--ca", certificate], url: byName).status == 0)
    let strange = try projects([], url: latchkey.api)
    #expect(strange.status == 6 && strange.errors.contains("not trusted"), "\(strange)")
    let missing = try projects(["--ca", folder.file("none.pem")], url: latchkey.api)
    #expect(missing.status == 3 && missing.errors.contains("none.pem"), "\(missing)")
    let nobody = try projects(["--ca", certificate], url: "https://127.0.0.1:\(try freePort())")
    #expect(nobody.status == 6, "\(nobody)")
    // Plain HTTP asked over TLS, and the other way round.
    let metrics = "https://127.0.0.1:\(latchkey.metricsPort)"
    #expect(try projects(["--ca", certificate], url: metrics).status == 6)
    let plain = latchkey.api.replacing("https://", with: "http://")
    #expect(try projects([], url: plain).status == 6)
  }

  private func make(_ kind: [String], _ certificate: String, _ key: String) throws {
    let made = try run(
      ["openssl", "req", "-x509", "-newkey"] + kind
        + ["-keyout", key, "-out", certificate, "-days", "400", "-subj", "/CN=localhost"])
    #expect(made.status == 0, "\(made.errors)")
  }

  @Test("config check, doctor and serve find what is wrong with certificate, key and authorities")
  func faults() throws {
    let installation = try Installation()
    let folder = installation.folder
    let (certificate, key) = (folder.file("cert.pem"), folder.file("key.pem"))
    let curve = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    try make(curve + ["-nodes"], certificate, key)
    try make(curve + ["-nodes"], folder.file("other.pem"), folder.file("other.key"))
    try make(["rsa:2048", "-nodes"], folder.file("rsa.pem"), folder.file("rsa.key"))
    let locked = (folder.file("locked.pem"), folder.file("locked.key"))
    try make(curve + ["-passout", "pass:word"], locked.0, locked.1)
    let junk = try folder.write("junk.pem", "no certificate")
    let ports = ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
    func check(_ more: [String], says word: String?, at: SourceLocation = #_sourceLocation) throws {
      for (command, refused) in [(["config", "check"], 3), (["doctor"], 1), (["serve"], 3)] {
        if word == nil, command == ["serve"] { continue }
        let ended = try installation.command(command + ports + more)
        let text = ended.output + ended.errors
        #expect(ended.status == (word == nil ? 0 : Int32(refused)), "\(ended)", sourceLocation: at)
        #expect(word.map { text.contains($0) } ?? true, "\(command): \(text)", sourceLocation: at)
      }
    }
    func pair(_ certificate: String, _ key: String) -> [String] {
      ["--tls-certificate", certificate, "--tls-key", key]
    }
    try check(pair(certificate, key) + ["--outbound-ca", certificate], says: nil)
    try check(pair(certificate, folder.file("other.key")), says: "does not belong to")
    try check(pair(certificate, folder.file("rsa.key")), says: "does not belong to")
    try check(pair(locked.0, locked.1), says: "is encrypted")
    try check(pair(junk, key), says: junk)
    try check(pair(certificate, junk), says: junk)
    try check(["--outbound-ca", folder.file("none.pem")], says: "none.pem")
  }

  @Test("An expired certificate fails both checks; a server starts with it and says so")
  func expired() throws {
    let installation = try Installation()
    let folder = installation.folder
    let (certificate, key) = (folder.file("cert.pem"), folder.file("key.pem"))
    try make(
      ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"], certificate, key)
    let clock = folder.file("clock")
    let shift = withUnsafeBytes(of: Int64(500) * 86_400 * 1_000_000) { Data($0) }
    try shift.write(to: URL(filePath: clock))
    let later = ["LATCHKEY_TEST_CLOCK": clock]
    let tls = ["--tls-certificate", certificate, "--tls-key", key]
    let ports = ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
    for command in [["config", "check"], ["doctor"]] {
      let ended = try run(
        [Place.latchkey] + command + ["--data", installation.data] + ports + tls,
        environment: later)
      #expect(ended.status != 0 && (ended.output + ended.errors).contains("expired"), "\(ended)")
    }
    let server = try Latchkey(installation, arguments: tls, environment: later)
    #expect(server.child.errors.contains("cert.pem expired at"))
  }

  @Test("A certificate that cannot be read is told in one line with exit code 3")
  func unreadable() throws {
    let installation = try Installation()
    let none = installation.folder.file("none.pem")
    let ended = try installation.command([
      "serve", "--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
      "--tls-certificate", none, "--tls-key", none,
    ])
    #expect(ended.status == 3)
    #expect(ended.errors.contains(none))
    #expect(ended.errors.split(separator: "\n").count == 1)
  }
}
