// Checks that a webhook is what the server sent, lately, and for the first time (Standard Webhooks,
// v1). It sends no answer: whoever asks does.
public import Foundation

/// Of one endpoint. An actor, so that no two requests with the same id pass.
public actor WebhookVerifier {
  public enum Failure: Error, Sendable, Hashable {
    /// Answer 400 to these, and do nothing.
    case headersMissing, timestampMalformed, signatureWrong, tooOldOrNew
    /// It was taken before: answer 200, and do nothing.
    case duplicate
  }

  private let keys: [[UInt8]]
  private let tolerance: Int
  private let now: @Sendable () -> Date
  private var seen: [String: Date] = [:]
  private var order: [String] = []

  /// - Parameters:
  ///   - secrets: `whsec_…`; several while a secret is being rotated. Nil where one is none.
  ///   - tolerance: seconds that a timestamp may be from now.
  public init?(
    secrets: [String], tolerance: Int = 300, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    let keys = secrets.compactMap { secret -> [UInt8]? in
      let text = secret.hasPrefix("whsec_") ? String(secret.dropFirst(6)) : secret
      return Data(base64Encoded: text).map { Array($0) }
    }
    guard !keys.isEmpty, keys.count == secrets.count, keys.allSatisfy({ $0.count >= 16 }) else {
      return nil
    }
    self.keys = keys
    self.tolerance = tolerance
    self.now = now
  }

  /// Throws a `Failure` unless the request is a webhook of ours that was not taken before.
  /// - Parameter header: the value of a header field by its lower-case name.
  public func verify(body: Data, header: (String) -> String?) throws {
    guard let id = header("webhook-id"), let sent = header("webhook-timestamp"),
      let signatures = header("webhook-signature"), !id.isEmpty
    else { throw Failure.headersMissing }
    guard sent.utf8.count < 16, sent.utf8.allSatisfy({ (48...57).contains($0) }),
      let seconds = Int(sent)
    else { throw Failure.timestampMalformed }
    guard isSigned(Array("\(id).\(sent).".utf8) + Array(body), signatures) else {
      throw Failure.signatureWrong
    }
    let time = now()
    guard abs(time.timeIntervalSince1970 - Double(seconds)) <= Double(tolerance) else {
      throw Failure.tooOldOrNew
    }
    while let first = order.first, let at = seen[first],
      time.timeIntervalSince(at) > Double(2 * tolerance)
    {
      order.removeFirst()
      seen[first] = nil
    }
    guard seen[id] == nil else { throw Failure.duplicate }
    seen[id] = time
    order.append(id)
  }

  /// Where it could not be handled: the next attempt counts again.
  public func forget(_ id: String) {
    seen[id] = nil
    order.removeAll { $0 == id }
  }

  private func isSigned(_ message: [UInt8], _ signatures: String) -> Bool {
    let given = signatures.split(separator: " ").compactMap { part in
      part.hasPrefix("v1,") ? Data(base64Encoded: String(part.dropFirst(3))) : nil
    }
    var isGood = false
    for key in keys {
      let wanted = HMAC.sha256(key: key, message)
      for signature in given where HMAC.areEqual(wanted, Array(signature)) { isGood = true }
    }
    return isGood
  }
}
