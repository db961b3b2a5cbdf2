// The client library by itself: published vectors, and what its parts refuse.
import Foundation
import Testing

@testable import LatchkeyClient

struct HMACTests {
  private func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
    }
  }

  @Test("SHA-256 gives the digests of FIPS 180-4, at every length around a block")
  func digests() {
    let known = [
      "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq":
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      String(repeating: "a", count: 64):
        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
    ]
    for (text, digest) in known {
      #expect(HMAC.hex(SHA256.digest(Array(text.utf8))) == digest, "\(text)")
    }
    #expect(Set((50..<70).map { SHA256.digest([UInt8](repeating: 0, count: $0)) }).count == 20)
  }

  @Test("HMAC gives what RFC 4231 says")
  func codes() {
    #expect(
      HMAC.hex(HMAC.sha256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      HMAC.hex(
        HMAC.sha256(
          key: [UInt8](repeating: 0xAA, count: 131),
          Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }
}

struct WebhookVerifierTests {
  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
  private static let body = Data(#"{"test": 2432232314}"#.utf8)
  private static let sent: TimeInterval = 1_614_265_330
  private static let fields = [
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
    "webhook-signature": "v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  ]

  private func verifier(at time: TimeInterval = Self.sent) throws -> WebhookVerifier {
    try #require(
      WebhookVerifier(secrets: [Self.secret]) { Date(timeIntervalSince1970: time) })
  }

  private func failure(
    _ verifier: WebhookVerifier, _ fields: [String: String] = Self.fields, _ body: Data = Self.body
  ) async -> WebhookVerifier.Failure? {
    do {
      try await verifier.verify(body: body) { fields[$0] }
      return nil
    } catch { return error as? WebhookVerifier.Failure }
  }

  @Test("the published example passes, once")
  func example() async throws {
    let verifier = try verifier()
    #expect(await failure(verifier) == nil)
    #expect(await failure(verifier) == .duplicate)
    await verifier.forget("msg_p5jXN8AQM9LWM0D4loKWxJek")
    #expect(await failure(verifier) == nil)
  }

  @Test("five minutes and no more; nothing that was changed; nothing unsigned")
  func refusals() async throws {
    for late in [-300.0, 300] {
      #expect(await failure(try verifier(at: Self.sent + late)) == nil)
    }
    for late in [-301.0, 301] {
      #expect(await failure(try verifier(at: Self.sent + late)) == .tooOldOrNew)
    }
    let verifier = try verifier()
    for (name, value, expected) in [
      ("webhook-id", "other", WebhookVerifier.Failure.signatureWrong),
      ("webhook-timestamp", "1614265331", .signatureWrong),
      ("webhook-timestamp", "now", .timestampMalformed),
      ("webhook-signature", "v1,AAAA", .signatureWrong), ("webhook-id", "", .headersMissing),
    ] {
      #expect(await failure(verifier, Self.fields.merging([name: value]) { $1 }) == expected)
    }
    #expect(await failure(verifier, [:]) == .headersMissing)
    #expect(await failure(verifier, Self.fields, Data("{}".utf8)) == .signatureWrong)
    for secret in ["", "whsec_", "whsec_!!!!", "whsec_AAAA"] {
      #expect(WebhookVerifier(secrets: [secret]) == nil)
    }
    #expect(WebhookVerifier(secrets: []) == nil)
  }
}

struct KeyReceiverTests {
  private actor Store: KeyStore {
    private(set) var saved: [String] = []
    private var key: StoredKey?
    func load() async -> StoredKey? { key }
    func save(_ key: StoredKey) async {
      self.key = key
      saved.append(key.key)
    }
  }

  private func delivery(_ key: String, _ generation: Int, _ more: String = "") -> Data {
    Data(#"{"requestId":"r-1","apiKey":"\#(key)","generation":\#(generation)\#(more)}"#.utf8)
  }

  @Test("stored before it is answered, once, never by an older one, and with the proof")
  func receives() async throws {
    let store = Store()
    let receiver = KeyReceiver(store: store)
    let answer = try await receiver.receive(delivery("a", 1))
    let members = try JSONDecoder().decode([String: String].self, from: answer)
    #expect(members["requestId"] == "r-1")
    #expect(
      members["proof"] == HMAC.hex(HMAC.sha256(key: Array("a".utf8), Array("r-1".utf8))))
    for (key, generation) in [("a", 1), ("c", 3), ("b", 2), ("c", 3)] {
      _ = try await receiver.receive(delivery(key, generation))
    }
    _ = try await receiver.receive(delivery("dummy", 9, #","test":true"#))
    #expect(await store.saved == ["a", "c"])
    for body in ["", "[]", #"{"requestId":"r"}"#, #"{"requestId":"r","apiKey":""}"#] {
      await #expect(throws: KeyReceiver.NotADelivery.self) {
        try await receiver.receive(Data(body.utf8))
      }
    }
  }

  @Test("many at once leave the newest")
  func together() async throws {
    let store = Store()
    let receiver = KeyReceiver(store: store)
    await withTaskGroup(of: Void.self) { group in
      for generation in 1...50 {
        let body = delivery("k\(generation)", generation)
        group.addTask { _ = try? await receiver.receive(body) }
      }
    }
    #expect(await store.load()?.key == "k50")
    #expect(await store.saved.count <= 50)
  }
}
