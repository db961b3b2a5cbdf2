// What the asking proxy says about the call it holds. Names are compared exactly (case aside): an
// `X_Forwarded_Uri` that a client sends along must never be taken for the proxy's own field.

/// Slices of the request's own head.
struct OriginalCall {
  var method: UnsafeRawBufferPointer
  var path: UnsafeRawBufferPointer
  var query: UnsafeRawBufferPointer?
  /// Without port; empty where the proxy did not tell.
  var host: UnsafeRawBufferPointer

  enum Refusal: Error {
    /// A field stands there twice, or the two families of fields contradict each other: one of
    /// them is the client's.
    case ambiguous(StaticString)
    case malformed(StaticString)
  }

  /// Stands for a path that the proxy did not tell: no route pattern matches it, so that a key
  /// that is limited to routes does not pass by the proxy's silence.
  static let unknownPath: StaticString = "\0"
  /// Likewise for methods: it reads nothing, so read-only keys do not pass.
  static let unknownMethod: StaticString = "-"

  /// - Parameters:
  ///   - ownMethod: what a proxy that passes the method on has sent (and a person with curl).
  ///   - methodIsProxys: the proxy always asks with GET, so its own method says nothing.
  static func read(
    _ fields: some HeadFields, ownMethod: UnsafeRawBufferPointer, methodIsProxys: Bool
  ) throws(Refusal) -> OriginalCall {
    let method = try agreed(fields, "x-forwarded-method", "x-original-method")
    let target = try agreed(fields, "x-forwarded-uri", "x-original-uri")
    let host = try single(fields, "x-forwarded-host")
    if let method, !ByteText.isToken(method) { throw .malformed("The original method") }
    var call = OriginalCall(
      method: method ?? (methodIsProxys ? bytes(unknownMethod) : ownMethod),
      path: bytes(unknownPath), query: nil, host: UnsafeRawBufferPointer(start: nil, count: 0))
    if let target {
      guard target.first == UInt8(ascii: "/"), target.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
      else { throw .malformed("The original URI") }
      (call.path, call.query) = ByteText.split(target: target)
    }
    if let host {
      // A list means that several proxies wrote into it: which of them to believe is not known.
      guard !host.contains(UInt8(ascii: ",")) else { throw .ambiguous("x-forwarded-host") }
      call.host = ByteText.hostName(host)
    }
    return call
  }

  private static func agreed(
    _ fields: some HeadFields, _ forwarded: StaticString, _ original: StaticString
  ) throws(Refusal) -> UnsafeRawBufferPointer? {
    let first = try single(fields, forwarded)
    let second = try single(fields, original)
    if let first, let second, !ByteText.equal(first, second) { throw .ambiguous(original) }
    return first ?? second
  }

  private static func single(
    _ fields: some HeadFields, _ name: StaticString
  ) throws(Refusal) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    for index in 0..<fields.count where ByteText.equal(fields.name(index), ignoringCase: name) {
      if found != nil { throw .ambiguous(name) }
      found = fields.value(index)
    }
    return found
  }

  private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }
}
