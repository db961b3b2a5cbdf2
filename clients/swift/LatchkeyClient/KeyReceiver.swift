// Takes a key as auto-cycling delivers it: stores it before it answers, and answers with the
// requestId and the proof that the key arrived whole.
public import Foundation

/// Where the newest key is kept. `save` must not return before the key would outlive a crash.
public protocol KeyStore: Sendable {
  /// Nil where there is none yet.
  func load() async throws -> StoredKey?
  func save(_ key: StoredKey) async throws
}

public struct StoredKey: Sendable, Hashable, Codable {
  public var generation: Int
  public var key: String
  public init(generation: Int, key: String) {
    self.generation = generation
    self.key = key
  }
}

public actor KeyReceiver {
  /// The request is no delivery of a key: answer 400. The old key stays valid.
  public struct NotADelivery: Error, Sendable {
    public init() {}
  }

  private struct Request: Decodable {
    var requestId: String
    var apiKey: String
    var generation: Int?
    var test: Bool?
  }

  private let store: any KeyStore
  private var isSaving = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  public init(store: any KeyStore) { self.store = store }

  /// The body of the answer, JSON, to be sent with status 200. What the store throws comes through:
  /// answer 500 then, and the delivery comes again. A delivery that comes twice is answered twice
  /// and stored once, one that a newer key has overtaken replaces nothing, and a test stores
  /// nothing.
  public func receive(_ body: Data) async throws -> Data {
    guard let request = try? JSONDecoder().decode(Request.self, from: body),
      !request.apiKey.isEmpty
    else { throw NotADelivery() }
    if request.test != true {
      await begin()
      defer { end() }
      let newest = try await store.load()
      let generation = request.generation ?? 0
      let isNewer = generation == 0 || generation > newest?.generation ?? 0
      if isNewer, newest?.key != request.apiKey {
        try await store.save(
          StoredKey(
            generation: max(generation, newest?.generation ?? 0), key: request.apiKey))
      }
    }
    let proof = HMAC.sha256(key: Array(request.apiKey.utf8), Array(request.requestId.utf8))
    return try JSONEncoder().encode([
      "requestId": request.requestId, "proof": HMAC.hex(proof),
    ])
  }

  // One at a time also across the store's own waiting.

  private func begin() async {
    while isSaving { await withCheckedContinuation { waiting.append($0) } }
    isSaving = true
  }

  private func end() {
    isSaving = false
    let woken = waiting
    waiting = []
    for one in woken { one.resume() }
  }
}
