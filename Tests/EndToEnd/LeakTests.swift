// Reports of a secret scanner to the built binary: signed as the real ones are, with keys fetched
// over TLS; and what who cannot sign learns, which is nothing.
import Foundation
import Testing

@Suite("Leak intake", .serialized)
struct LeakTests {
  /// A scanner with its signing key, and the server that tells its public half.
  private final class Scanner {
    let folder: Folder
    let certificate: String
    let url: String
    private let nginx: Nginx
    private let log: String

    init() throws {
      folder = try Folder()
      certificate = folder.file("cert.pem")
      let port = try freePort()
      url = "https://localhost:\(port)/keys.json"
      log = folder.file("calls.log")
      try Self.make([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", folder.file("tls.pem"), "-out", certificate, "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      ])
      for name in ["scanner", "other"] {
        try Self.make([
          "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder.file(name),
        ])
      }
      try Self.make(["ec", "-in", folder.file("scanner"), "-pubout", "-out", folder.file("public")])
      let pem = try String(contentsOfFile: folder.file("public"), encoding: .utf8)
      let list = JSON.text([
        "public_keys": [["key_identifier": "one", "key": pem, "is_current": true] as [String: Any]]
      ])
      _ = try folder.write("keys.json", list)
      chmod(folder.path, 0o755)
      nginx = try Nginx(
        folder: folder,
        http: """
            server {
              listen 127.0.0.1:\(port) ssl;
              ssl_certificate \(certificate);
              ssl_certificate_key \(folder.file("tls.pem"));
              access_log \(log);
              root \(folder.path);
            }
          """, ports: [port])
    }

    private static func make(_ arguments: [String]) throws {
      let made = try run(["openssl"] + arguments)
      guard made.status == 0 else { throw Failure("openssl: \(made.errors)") }
    }

    var fetches: Int {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      return text.split(separator: "\n").count
    }

    /// The header fields for a body.
    func signature(_ body: String, key: String = "scanner", id: String = "one") throws -> [String] {
      let (message, out) = (try folder.write("body", body), folder.file("signature"))
      try Self.make(["dgst", "-sha256", "-sign", folder.file(key), "-out", out, message])
      let bytes = FileManager.default.contents(atPath: out) ?? Data()
      return [
        "Github-Public-Key-Identifier: \(id)",
        "Github-Public-Key-Signature: \(bytes.base64EncodedString())",
      ]
    }
  }

  private func send(_ world: World, _ body: String, _ headers: [String]) throws -> Answer {
    let folder = try Folder()
    let file = try folder.write("body", body)
    return try Curl.call(
      world.latchkey.api + "/v1/leaks",
      ["--request", "POST", "--data-binary", "@\(file)"]
        + (headers + ["Content-Type: application/json"]).flatMap { ["--header", $0] })
  }

  private func world(_ scanner: Scanner, policy: [String: Any] = [:]) throws -> World {
    try World(
      policy: TwoEnvironments.policy.merging(policy) { $1 },
      arguments: [
        "--outbound-allow", "127.0.0.0/8", "--outbound-allow", "::1/128", "--outbound-ca",
        scanner.certificate, "--leak-keys-url", scanner.url,
      ])
  }

  @Test("A signed report ends what was found and answers each in its order; twice is once")
  func signed() throws {
    let scanner = try Scanner()
    let world = try world(scanner)
    let (leaked, other) = (try world.issue(), try world.issue())
    let encoded = leaked.secret.replacing("_", with: "%5F")
    let reports: [[String: Any]] = [
      ["token": "sk_live_nobodys", "type": "demo", "url": "https://x/1", "source": "commit"],
      [
        "token": leaked.secret, "type": "demo",
        "url": "https://me:pw@x/2?a=\(leaked.secret)&b=\(encoded)",
        "source": "in \(leaked.secret)",
      ],
      ["token": leaked.secret, "type": "demo", "url": ""],
    ]
    let body = JSON.text(reports)
    for _ in 0..<2 {
      let answer = try send(world, body, try scanner.signature(body))
      #expect(answer.status == 200)
      let items = try #require(try answer.json().array)
      #expect(
        items.map { $0["label"].string }
          == ["false_positive", "true_positive", "true_positive"])
      #expect(items.allSatisfy { $0.names == ["token_hash", "token_type", "label"] })
      #expect(items[1]["token_hash"].string?.wholeMatch(of: /[0-9a-f]{64}/) != nil)
      #expect(items[1]["token_type"].string == "demo")
    }
    #expect(try world.call("/x", key: leaked.secret).status == 401)
    #expect(try world.call("/x", key: other.secret).status == 200)
    #expect(scanner.fetches == 1)
    let audit = try world.latchkey.expect(200, "GET", "/v1/audit?limit=200")
    let entries = (audit["data"].array ?? []).filter { $0["action"].string == "leak.reported" }
    #expect(entries.count == 2 && entries.allSatisfy { $0["actor"].string == "scanner" })
    for place in [audit.description, world.latchkey.child.errors, world.latchkey.child.output] {
      #expect(!place.contains(leaked.secret) && !place.contains(encoded))
      #expect(!place.contains("me:pw"))
    }
  }

  @Test("Without a good signature or an operator key: 401, the same whatever was sent")
  func unsigned() throws {
    let scanner = try Scanner()
    let world = try world(scanner)
    let key = try world.issue()
    let known = JSON.text([["token": key.secret, "type": "t", "url": "u"]])
    let unknown = JSON.text([["token": "nobodys", "type": "t", "url": "u"]])
    let good = try scanner.signature(known)
    var answers: [Answer] = []
    for body in [known, unknown, "not json", ""] {
      answers.append(try send(world, body, []))
      answers.append(try send(world, body, [good[0]]))
      answers.append(try send(world, body, [good[1]]))
      answers.append(try send(world, body, try scanner.signature(body, key: "other")))
      answers.append(try send(world, body, try scanner.signature(body, id: "two")))
      answers.append(try send(world, body, good + [good[1]]))
      answers.append(try send(world, body, [good[0], "Github-Public-Key-Signature: ----"]))
      if body != known { answers.append(try send(world, body, good)) }
    }
    #expect(answers.allSatisfy { $0.status == 401 })
    let texts = try answers.map { try $0.json()["code"].text() }
    #expect(Set(texts) == ["unauthorized"])
    #expect(try world.call("/x", key: key.secret).status == 200)
    #expect(scanner.fetches == 1, "an unknown key id does not make us ask again at once")
    #expect(try send(world, known, good).status == 200)
    #expect(try world.call("/x", key: key.secret).status == 401)
    let large = "[" + String(repeating: " ", count: 1 << 20) + "]"
    #expect(try send(world, large, try scanner.signature(large)).status == 413)
    let many = JSON.text((0..<5000).map { ["token": "nobodys\($0)", "type": "t", "url": "u"] })
    let answer = try send(world, many, try scanner.signature(many))
    #expect(answer.status == 200)
    #expect(try answer.json().array?.count == 5000)
    let wrong = #"{"token":"x"}"#
    #expect(try send(world, wrong, try scanner.signature(wrong)).status == 400)
  }

  @Test("An operator reports by hand, by secret or by id; the policy decides")
  func byHand() throws {
    let world = try World(
      policy: TwoEnvironments.policy.merging(["leaks": ["action": "notify"]]) { $1 })
    let (one, two) = (try world.issue(), try world.issue())
    let first = try world.latchkey.expect(
      200, "POST", "/v1/leaks", ["token": one.secret, "url": "https://x", "source": "gitleaks"])
    #expect(first["action"].string == "notified" && first["key_id"].string == one.id)
    #expect(first["label"].string == "true_positive")
    let second = try world.latchkey.expect(200, "POST", "/v1/leaks", ["key": two.id])
    #expect(second["action"].string == "notified" && !second["token_hash"].exists)
    #expect(try world.call("/x", key: one.secret).status == 200)
    let nobody = try world.latchkey.expect(200, "POST", "/v1/leaks", ["token": "nothing"])
    #expect(nobody["label"].string == "false_positive")
    for body in [[:], ["token": "a", "key": "b"], ["token": 1]] as [[String: Any]] {
      #expect(try world.latchkey.call("POST", "/v1/leaks", body).status == 400, "\(body)")
    }
    let page = try world.latchkey.expect(200, "GET", "/v1/leaks?limit=1")
    #expect(page["data"].array?.count == 1 && page["data"][0]["key_id"].string == two.id)
    let next = try page["next_cursor"].text()
    let rest = try world.latchkey.expect(200, "GET", "/v1/leaks?limit=1&cursor=\(next)")
    #expect(rest["data"][0]["key_id"].string == one.id && !rest["next_cursor"].exists)
    #expect(rest["data"][0]["source"].string == "gitleaks")
    #expect(!page.description.contains(one.secret) && !rest.description.contains(one.secret))
    let reader = try world.latchkey.expect(
      201, "POST", "/v1/operator-keys", ["scopes": ["keys:read"]])["operator_key"].text()
    #expect(
      try Curl.json(
        "POST", world.latchkey.api + "/v1/leaks", token: reader, ["token": one.secret]
      ).status == 403)
  }
}
