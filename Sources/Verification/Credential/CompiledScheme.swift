// How a call carries its key, with the header names worked out beforehand; and reading it.
import KeyModel

/// Where the credential and the method overrides of a call are read from.
package protocol HeaderSource {
  /// Calls `body` with each value of the named field, in order. The name is lower case. The bytes
  /// stay where they are until the decision is made.
  func forEach(header lowercaseName: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void)
  /// True where there is a field that some upstream may read as one of these: `X_Method_Override`
  /// becomes `x-method-override` in CGI's hands.
  /// - Parameter names: lower case, with dashes.
  func hasField(readAsOneOf names: [[UInt8]]) -> Bool
  /// True where a field with none of these names (lower case) has a value of such a length that
  /// passes.
  func contains(
    valueBeside names: [[UInt8]], lengths: ClosedRange<Int>,
    where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool
}

extension HeaderSource {
  /// For sources that know no names but those asked for.
  package func hasField(readAsOneOf names: [[UInt8]]) -> Bool {
    var found = false
    for name in names { forEach(header: name) { _ in found = true } }
    return found
  }
}

/// What a call presented. The bytes are the request's own or the reader's scratch memory.
enum Presented {
  case nothing
  /// Something was presented that is not this scheme's form, or more than one of it.
  case malformed
  case token(UnsafeRawBufferPointer, claim: Claim)
}

/// What is presented beside the secret and must belong to the same key or account.
enum Claim {
  case none
  /// Public id of the key.
  case publicID(UnsafeRawBufferPointer)
  case clientID(UnsafeRawBufferPointer)
  case client(id: UnsafeRawBufferPointer, username: UnsafeRawBufferPointer)
}

enum CompiledScheme {
  case bearer
  case basic
  case header([UInt8])
  case headerPair(id: [UInt8], secret: [UInt8])
  case authorizationPair(id: [UInt8], scheme: [UInt8])

  static let authorization = Array("authorization".utf8)
  private static let bearerName = Array("bearer".utf8)
  private static let basicName = Array("basic".utf8)

  init(_ scheme: CredentialScheme) {
    func lower(_ name: String) -> [UInt8] { Array(name.lowercased().utf8) }
    switch scheme {
    case .bearer: self = .bearer
    case .basic: self = .basic
    case .header(let name): self = .header(lower(name))
    case .headerPair(let id, let secret): self = .headerPair(id: lower(id), secret: lower(secret))
    case .authorizationPair(let id, let name):
      self = .authorizationPair(id: lower(id), scheme: lower(name))
    }
  }

  /// The headers that the credential is read from, in lower case.
  var fieldNames: [[UInt8]] {
    switch self {
    case .bearer, .basic: [Self.authorization]
    case .header(let name): [name]
    case .headerPair(let id, let secret): [id, secret]
    case .authorizationPair(let id, _): [id, Self.authorization]
    }
  }

  /// - Parameter scratch: memory for decoded credentials; must outlive the result.
  func read(_ headers: some HeaderSource, scratch: UnsafeMutableRawBufferPointer) -> Presented {
    switch self {
    case .bearer:
      return Self.single(headers, Self.authorization) { Self.afterScheme(Self.bearerName, $0) }
    case .basic:
      return Self.basic(headers, scratch)
    case .header(let name):
      return Self.single(headers, name) { $0 }
    case .headerPair(let id, let secret):
      return Self.pair(headers, id, secret) { secret, id in .token(secret, claim: .clientID(id)) }
    case .authorizationPair(let id, let scheme):
      return Self.pair(headers, id, Self.authorization) { value, id in
        guard let rest = Self.afterScheme(scheme, value),
          let colon = rest.place(of: UInt8(ascii: ":"))
        else { return .malformed }
        let username = UnsafeRawBufferPointer(rebasing: rest[..<colon])
        let secret = UnsafeRawBufferPointer(rebasing: rest[(colon + 1)...])
        return .token(secret, claim: .client(id: id, username: username))
      }
    }
  }

  private static func single(
    _ headers: some HeaderSource, _ name: [UInt8],
    _ token: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?
  ) -> Presented {
    let (count, value) = only(headers, name)
    guard let value else { return count == 0 ? .nothing : .malformed }
    guard let token = token(value), !token.isEmpty else { return .malformed }
    return .token(token, claim: .none)
  }

  private static func pair(
    _ headers: some HeaderSource, _ id: [UInt8], _ secret: [UInt8],
    _ make: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Presented
  ) -> Presented {
    let (ids, idValue) = only(headers, id)
    let (secrets, secretValue) = only(headers, secret)
    if ids == 0, secrets == 0 { return .nothing }
    guard let idValue, let secretValue, !idValue.isEmpty, !secretValue.isEmpty else {
      return ids > 1 || secrets > 1 || (ids == 1 && secrets == 1) ? .malformed : .nothing
    }
    return make(secretValue, idValue)
  }

  private static func basic(
    _ headers: some HeaderSource, _ scratch: UnsafeMutableRawBufferPointer
  ) -> Presented {
    let (count, value) = only(headers, authorization)
    guard let value else { return count == 0 ? .nothing : .malformed }
    guard let encoded = afterScheme(basicName, value),
      let length = Base64.decode(encoded, into: scratch)
    else { return .malformed }
    let decoded = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<length])
    guard let colon = decoded.place(of: UInt8(ascii: ":")) else { return .malformed }
    let id = UnsafeRawBufferPointer(rebasing: decoded[..<colon])
    let secret = UnsafeRawBufferPointer(rebasing: decoded[(colon + 1)...])
    return secret.isEmpty ? .malformed : .token(secret, claim: .publicID(id))
  }

  private static func only(
    _ headers: some HeaderSource, _ name: [UInt8]
  ) -> (count: Int, value: UnsafeRawBufferPointer?) {
    var count = 0
    var found: UnsafeRawBufferPointer?
    headers.forEach(header: name) { value in
      count += 1
      found = value
    }
    return (count, count == 1 ? found : nil)
  }

  /// What follows `<scheme> `; nil where the value has another scheme or more than one word after
  /// it.
  private static func afterScheme(
    _ scheme: [UInt8], _ value: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    guard value.count > scheme.count + 1, value[scheme.count] == UInt8(ascii: " ") else {
      return nil
    }
    let name = UnsafeRawBufferPointer(rebasing: value[..<scheme.count])
    guard equalsIgnoringCase(name, scheme) else { return nil }
    var start = scheme.count
    while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
    let rest = UnsafeRawBufferPointer(rebasing: value[start...])
    return rest.place(of: UInt8(ascii: " ")) == nil ? rest : nil
  }
}
