// Which fields of a client's head reach the upstream. Names are compared after folding every sign
// to a dash, because some upstream takes `X_Latchkey_Key` or `X.Latchkey.Key` for ours.

enum FieldFate {
  /// True where a client's field of this name never goes on, whatever it lists in Connection: ours,
  /// those that say who asked for what, hop-by-hop ones, and what is written anew (framing, the
  /// trace).
  static func isDropped(_ name: UnsafeRawBufferPointer) -> Bool {
    guard let first = name.first else { return true }
    switch ByteText.folded(first) {
    case UInt8(ascii: "x"):
      return ByteText.hasPrefix(folded: name, "x-latchkey-")
        || ByteText.equal(folded: name, "x-latchkey")
        || ByteText.hasPrefix(folded: name, "x-forwarded-")
        || ByteText.hasPrefix(folded: name, "x-original-")
        || ByteText.equal(folded: name, "x-request-id")
        || ByteText.equal(folded: name, "x-real-ip")
        || ByteText.equal(folded: name, "x-rewrite-url")
    case UInt8(ascii: "c"):
      return ByteText.equal(folded: name, "connection")
        || ByteText.equal(folded: name, "content-length")
    case UInt8(ascii: "e"): return ByteText.equal(folded: name, "expect")
    case UInt8(ascii: "f"): return ByteText.equal(folded: name, "forwarded")
    case UInt8(ascii: "h"):
      return ByteText.equal(folded: name, "host") || ByteText.equal(folded: name, "http2-settings")
    case UInt8(ascii: "k"): return ByteText.equal(folded: name, "keep-alive")
    case UInt8(ascii: "p"):
      return ByteText.equal(folded: name, "proxy-connection")
        || ByteText.equal(folded: name, "proxy-authorization")
        || ByteText.equal(folded: name, "proxy-authenticate")
        // What CGI would make `HTTP_PROXY` of.
        || ByteText.equal(folded: name, "proxy")
    case UInt8(ascii: "t"):
      return ByteText.equal(folded: name, "te") || ByteText.equal(folded: name, "trailer")
        || ByteText.equal(folded: name, "transfer-encoding")
        || ByteText.equal(folded: name, TraceContext.parent)
        || ByteText.equal(folded: name, TraceContext.state)
    case UInt8(ascii: "u"): return ByteText.equal(folded: name, "upgrade")
    default: return false
    }
  }

  /// Fields of an answer that tell a caller its limits.
  static func isLimit(_ name: UnsafeRawBufferPointer) -> Bool {
    guard let first = name.first, ByteText.lower(first) == UInt8(ascii: "r") else { return false }
    return ByteText.equal(name, ignoringCase: "ratelimit")
      || ByteText.equal(name, ignoringCase: "ratelimit-policy")
  }

  /// Fields of the upstream's answer that concern its own connection, or that are written anew.
  static func isDroppedFromAnswer(_ name: UnsafeRawBufferPointer) -> Bool {
    guard let first = name.first else { return true }
    switch ByteText.lower(first) {
    case UInt8(ascii: "c"):
      return ByteText.equal(name, ignoringCase: "connection")
        || ByteText.equal(name, ignoringCase: "content-length")
    case UInt8(ascii: "d"): return ByteText.equal(name, ignoringCase: "date")
    case UInt8(ascii: "k"): return ByteText.equal(name, ignoringCase: "keep-alive")
    case UInt8(ascii: "p"):
      return ByteText.equal(name, ignoringCase: "proxy-connection")
        || ByteText.equal(name, ignoringCase: "proxy-authenticate")
    case UInt8(ascii: "t"):
      return ByteText.equal(name, ignoringCase: "te")
        || ByteText.equal(name, ignoringCase: "trailer")
        || ByteText.equal(name, ignoringCase: "transfer-encoding")
    case UInt8(ascii: "u"): return ByteText.equal(name, ignoringCase: "upgrade")
    case UInt8(ascii: "x"): return ByteText.equal(name, ignoringCase: "x-request-id")
    default: return false
    }
  }
}

/// RFC 9110 §7.6.1: fields that a Connection field names are for this hop only.
struct ConnectionOptions {
  /// False for what nearly every message has: none, `keep-alive` or `close`.
  let namesFields: Bool

  init(_ fields: some HeadFields) {
    var names = false
    for index in 0..<fields.count
    where ByteText.equal(fields.name(index), ignoringCase: "connection") {
      Self.forEach(fields.value(index)) { option in
        if !ByteText.equal(option, ignoringCase: "keep-alive"),
          !ByteText.equal(option, ignoringCase: "close")
        {
          names = true
        }
      }
    }
    namesFields = names
  }

  func name(_ field: UnsafeRawBufferPointer, in fields: some HeadFields) -> Bool {
    guard namesFields else { return false }
    var found = false
    for index in 0..<fields.count
    where ByteText.equal(fields.name(index), ignoringCase: "connection") {
      Self.forEach(fields.value(index)) { option in
        if ByteText.equal(option, ignoringCase: field) { found = true }
      }
    }
    return found
  }

  private static func forEach(
    _ list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    var rest = list[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
      let option = ByteText.trimmed(UnsafeRawBufferPointer(rebasing: rest[..<end]))
      if option.count > 0 { body(option) }
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
    }
  }
}
