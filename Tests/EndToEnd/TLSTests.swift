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
