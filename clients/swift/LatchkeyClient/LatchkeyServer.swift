// Asks a Latchkey server: verify calls, manage keys. Part of the client library, which stands
// alone: nothing here knows the server's own code, and no secret ever enters an error.
public import Foundation

#if canImport(FoundationNetworking)
  public import FoundationNetworking
#endif

/// A server and an operator key for it. A value that may be used from many tasks at once.
public struct LatchkeyServer: Sendable {
  /// Sends a request and gives what came back, whatever its status. It must not follow redirects.
  public typealias Send = @Sendable (URLRequest) async throws -> (Data, HTTPURLResponse)

  public let url: URL
  private let operatorKey: String
  private let send: Send

  /// - Parameter send: nil: `URLSession`, five seconds a request.
  public init(url: URL, operatorKey: String, send: Send? = nil) {
    self.url = url
    self.operatorKey = operatorKey
    self.send = send ?? Self.session
  }

  /// Why a request was not done, as the server says it.
  public struct Refusal: Error, Sendable {
    public var status: Int
    /// Stable; `unknown` where the answer has none.
    public var code: String
    public var detail: String
    public var retryAfterSeconds: Int?
  }

  /// What is known of a call. Give its `key`, or all its `headers`.
  public struct Call: Sendable, Encodable {
    public var project: String
    public var key: String?
    public var headers: [String: String]?
    public var method: String?
    public var path: String?
    public var host: String?
    public var address: String?
    public var brand: String?
    public var dryRun: Bool?

    public init(project: String, key: String? = nil, headers: [String: String]? = nil) {
      self.project = project
      self.key = key
      self.headers = headers
    }

    private enum CodingKeys: String, CodingKey {
      case project, key, headers, method, path, host, address, brand
      case dryRun = "dry_run"
    }
  }

  public struct Verdict: Sendable, Decodable {
    public var valid: Bool
    /// `valid`, or why not: `revoked`, `rate_limited`, …
    public var code: String
    public var keyID: String?
    public var accountID: String?
    public var applicationID: String?
    public var environment: String?
    public var access: String?

    private enum CodingKeys: String, CodingKey {
      case valid, code, environment, access
      case keyID = "key_id"
      case accountID = "account_id"
      case applicationID = "application_id"
    }
  }

  public struct Key: Sendable, Decodable {
    public var id: String
    public var environment: String
    public var name: String
    public var state: String
    public var hint: String
    /// Only in the answer that made it.
    public var secret: String?
  }

  public func verify(_ call: Call) async throws -> Verdict {
    try await ask("POST", "/v1/verify", call)
  }

  public func createKey(
    account: String, environment: String, name: String = "", idempotencyKey: String? = nil
  ) async throws -> Key {
    let body = ["environment": environment, "name": name].filter { !$0.value.isEmpty }
    return try await ask("POST", "/v1/accounts/\(account)/keys", body, idempotencyKey)
  }

  public func keys(account: String) async throws -> [Key] {
    struct Page: Decodable {
      var data: [Key]
      var next: String?

      enum CodingKeys: String, CodingKey {
        case data
        case next = "next_cursor"
      }
    }
    var keys: [Key] = []
    var cursor: String?
    repeat {
      let query = cursor.map { "?cursor=\($0)" } ?? ""
      let page: Page = try await ask(
        "GET", "/v1/accounts/\(account)/keys\(query)", String?.none)
      keys += page.data
      cursor = page.next
    } while cursor != nil
    return keys
  }

  /// A new secret beside the old one, which holds for so many seconds more.
  public func rotateKey(_ id: String, overlapSeconds: Int? = nil) async throws -> Key {
    let body = overlapSeconds.map { ["overlap_seconds": $0] } ?? [:]
    return try await ask("POST", "/v1/keys/\(id)/rotate", body)
  }

  /// At once, and for good.
  public func revokeKey(_ id: String) async throws {
    _ = try await data("DELETE", "/v1/keys/\(id)", nil, nil)
  }

  private func ask<Answer: Decodable>(
    _ method: String, _ path: String, _ body: (some Encodable)?, _ idempotencyKey: String? = nil
  ) async throws -> Answer {
    let encoder = JSONEncoder()
    // The same bytes each time: under one Idempotency-Key another order is another body.
    encoder.outputFormatting = .sortedKeys
    let sent = try body.map { try encoder.encode($0) }
    return try JSONDecoder().decode(
      Answer.self, from: try await data(method, path, sent, idempotencyKey))
  }

  private func data(
    _ method: String, _ path: String, _ body: Data?, _ idempotencyKey: String?
  ) async throws -> Data {
    guard let target = URL(string: path, relativeTo: url) else { throw URLError(.badURL) }
    var request = URLRequest(url: target, timeoutInterval: 5)
    request.httpMethod = method
    request.httpBody = body
    request.setValue("Bearer \(operatorKey)", forHTTPHeaderField: "Authorization")
    if body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
    if let idempotencyKey {
      request.setValue(idempotencyKey, forHTTPHeaderField: "Idempotency-Key")
    }
    let (data, response) = try await send(request)
    guard (200..<300).contains(response.statusCode) else {
      throw Self.refusal(response, data)
    }
    return data
  }

  private static func refusal(_ response: HTTPURLResponse, _ data: Data) -> Refusal {
    struct Problem: Decodable {
      var code: String?
      var detail: String?
    }
    let problem = try? JSONDecoder().decode(Problem.self, from: data)
    return Refusal(
      status: response.statusCode, code: problem?.code ?? "unknown",
      detail: problem?.detail ?? "",
      retryAfterSeconds: response.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) })
  }

  private static let session: Send = { request in
    let (data, response) = try await URLSession.shared.data(for: request)
    guard let response = response as? HTTPURLResponse else {
      throw URLError(.badServerResponse)
    }
    return (data, response)
  }
}
