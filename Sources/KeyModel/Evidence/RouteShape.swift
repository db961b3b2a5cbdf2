// The route of a call, so that calls of one route look alike: method and path, with `{id}` in the
// place of each segment that names one thing. It must not let a credential in a path through.

package enum RouteShape {
  /// Bytes of a shape at most; what comes after is cut off.
  package static let byteLimit = 128
  /// A segment of so many bytes with a digit in it is an id, or a secret.
  static let idLength = 16
  /// A segment so long is one whatever is in it.
  static let longLength = 32

  /// Writes `GET /v1/orders/{id}` and gives its length; 0 where the path is not known, the path
  /// alone where the method is not.
  /// - Parameter out: `byteLimit` bytes.
  package static func write(
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer,
    to out: UnsafeMutableRawBufferPointer
  ) -> Int {
    guard path.first == UInt8(ascii: "/") else { return 0 }
    var length = 0
    if let first = method.first, first != UInt8(ascii: "-") {
      for byte in method.prefix(20) { append(isPlain(byte) ? byte : 0x3F, out, &length) }
      append(0x20, out, &length)
    }
    var start = 0
    while start < path.count {
      append(UInt8(ascii: "/"), out, &length)
      var end = start + 1
      while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
      let segment = UnsafeRawBufferPointer(rebasing: path[(start + 1)..<end])
      if names(segment) {
        placeholder.withUTF8Buffer { for byte in $0 { append(byte, out, &length) } }
      } else {
        for byte in segment { append(byte, out, &length) }
      }
      start = end
    }
    return length
  }

  package static func text(method: String, path: String) -> String {
    var (method, path) = (method, path)
    let bytes = method.withUTF8 { method in
      path.withUTF8 { path in
        [UInt8](unsafeUninitializedCapacity: byteLimit) { buffer, count in
          count = write(
            method: UnsafeRawBufferPointer(method), path: UnsafeRawBufferPointer(path),
            to: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: byteLimit))
        }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let placeholder: StaticString = "{id}"

  private static func append(
    _ byte: UInt8, _ out: UnsafeMutableRawBufferPointer, _ length: inout Int
  ) {
    guard length < byteLimit else { return }
    out[length] = byte
    length += 1
  }

  private static func names(_ segment: UnsafeRawBufferPointer) -> Bool {
    if segment.isEmpty { return false }
    if segment.count >= longLength { return true }
    var digits = 0
    for byte in segment {
      if byte &- 0x30 < 10 { digits += 1 }
      if !isPlain(byte) { return true }
    }
    return digits == segment.count || digits > 0 && segment.count >= idLength
  }

  /// Letters, digits, `-`, `_`, `.`, `~`, and what sub-resources are written with. Addresses of
  /// people (`@`) and whatever is escaped count as names.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "$"),
      UInt8(ascii: "+"), UInt8(ascii: ","):
      true
    default: false
    }
  }
}
