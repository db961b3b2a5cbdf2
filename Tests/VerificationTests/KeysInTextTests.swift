// Keys that somebody wrote where they do not belong are found before the text goes on record.
import KeyModel
import Testing
import Verification

@Suite("Keys in text")
struct KeysInTextTests {
  /// The text with what was found taken out.
  private func found(_ text: String, _ world: World) throws -> String {
    let view = Array("demo".utf8).withUnsafeBytes { world.verifier.project(slug: $0) }
    let project = try #require(view)
    var bytes = Array(text.utf8)
    while true {
      let range = bytes.withUnsafeBytes { world.verifier.firstSecret(in: $0, from: 0, of: project) }
      guard let range else { return String(decoding: bytes, as: UTF8.self) }
      bytes.replaceSubrange(range, with: "#".utf8)
    }
  }

  private func world(prefix: String) -> (World, String) {
    var policy = Policy()
    policy.environments[0].secretPrefix = prefix
    let world = World()
    let account = world.account(of: world.project(policy))
    let token = world.token(policy)
    _ = world.key(account, tokens: [token])
    return (world, token)
  }

  private func encoded(_ text: String) -> String {
    text.utf8.map { "%" + String($0, radix: 16) }.joined()
  }

  @Test("in every spelling that an upstream would read as the key", arguments: ["sk_live_", ""])
  func spellings(prefix: String) throws {
    let (world, token) = world(prefix: prefix)
    let first = encoded(String(token.prefix(1))) + token.dropFirst()
    for (text, want) in [
      ("/a/\(token)/b", "/a/#/b"), ("/a/\(token).json", "/a/#"), ("curl \(token)", "curl #"),
      ("/a/\(first)", "/a/#"), ("/\(encoded(token));x", "/#;x"), ("/a/Bearer%20\(token)", "/a/#"),
      ("/%2F\(encoded(token))%2f/b", "/#/b"), ("a@\(token)!", "#"), ("[\(token)] x", "# x"),
      ("/\(token)/\(token)", "/#/#"),
    ] {
      #expect(try found(text, world) == want)
    }
  }

  @Test("also glued to what stands before it, where it has a prefix, and whoever mistyped it")
  func glued() throws {
    let (world, token) = world(prefix: "sk_live_")
    #expect(try found("/a/x\(token)", world) == "/a/#")
    #expect(try found("/a/pre-%2D\(token).txt", world) == "/a/#")
    #expect(try found("/a/\(token.dropLast(3))", world) == "/a/#")
    #expect(try found("/a/\(encoded(String(token.dropLast(3))))", world) == "/a/#")
  }

  @Test("an operator's key as well", arguments: ["sk_live_", ""])
  func operatorKeys(prefix: String) throws {
    let (world, _) = world(prefix: prefix)
    let token = String(
      decoding: TokenFormat.operatorKey.generate(random: [UInt8](repeating: 200, count: 32)),
      as: UTF8.self)
    #expect(try found("/a/\(token)/\(encoded(token))", world) == "/a/#/#")
    #expect(try found("curl \(token).", world) == "curl #")
  }

  @Test("an operator's key where the project's own keys are longer")
  func longerKeys() throws {
    var policy = Policy()
    policy.environments[0].secretPrefix = ""
    policy.secret.alphabet = .hex
    let world = World()
    _ = world.project(policy)
    let token = String(
      decoding: TokenFormat.operatorKey.generate(random: [UInt8](repeating: 3, count: 32)),
      as: UTF8.self)
    #expect(try found("/a/\(token)/b", world) == "/a/#/b")
  }

  @Test("and nothing else", arguments: ["sk_live_", ""])
  func others(prefix: String) throws {
    let (world, token) = world(prefix: prefix)
    let long = String(repeating: "%25", count: 4_000)
    for text in [
      "/", "", "/sk_live/\(token.prefix(10))", "/v1/orders/0123456789abcdef0123456789abcdef.json",
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari",
      "/%zz/%", "/a%2", "/\(long)", String(token.reversed().filter { $0 != "_" }),
    ] {
      #expect(try found(text, world) == text)
    }
  }
}
