// The public keys with which a scanner signs its reports, fetched when they are needed and kept. A
// report can make us fetch them once a minute, whatever it says.
package import Crypto
internal import KeyModel

package actor ScannerKeys {
  /// The list as it was answered; nil where it could not be had.
  package typealias Fetch = @Sendable () async -> [UInt8]?

  private static let second: Int64 = 1_000_000_000
  private static let pause = 60 * second
  /// A list that is older is fetched anew before it is believed, if it can be.
  private static let life = 86_400 * second

  private let elapsed: @Sendable () -> Int64
  private let fetch: Fetch
  private var keys: [String: P256PublicKey] = [:]
  private var fetchedAt: Int64?
  private var triedAt: Int64?
  private var fetching: Task<Void, Never>?

  /// - Parameter elapsed: nanoseconds from any beginning, never going back.
  package init(elapsed: @escaping @Sendable () -> Int64, fetch: @escaping Fetch) {
    self.elapsed = elapsed
    self.fetch = fetch
  }

  /// Nil where the scanner has no such key, as far as can be found out now.
  package func key(_ id: String) async -> P256PublicKey? {
    if let key = keys[id], let fetchedAt, elapsed() - fetchedAt < Self.life { return key }
    await renew()
    return keys[id]
  }

  private func renew() async {
    if let fetching {
      return await fetching.value
    }
    let now = elapsed()
    if let triedAt, now - triedAt < Self.pause { return }
    triedAt = now
    let task = Task { [fetch] in take(await fetch(), at: now) }
    fetching = task
    await task.value
  }

  private func take(_ list: [UInt8]?, at now: Int64) {
    fetching = nil
    guard let read = list.flatMap(Self.read) else { return }
    keys = read
    fetchedAt = now
  }

  /// `{"public_keys":[{"key_identifier":…,"key":<PEM>,"is_current":…}]}`; nil where it is something
  /// else, or holds no key that can be used.
  static func read(_ list: [UInt8]) -> [String: P256PublicKey]? {
    guard let document = try? JSONReader.read(list),
      let items = document["public_keys"]?.array
    else { return nil }
    var keys: [String: P256PublicKey] = [:]
    for item in items {
      guard let id = item["key_identifier"]?.string, let pem = item["key"]?.string,
        let key = P256PublicKey(pem: pem)
      else { continue }
      keys[id] = key
    }
    return keys.isEmpty ? nil : keys
  }
}
