// What counts as reading, and the ways to send one method and mean another: a read-only key must
// not get a write past us by one of them. Allocates nothing.

package enum MethodRule {
  /// Header fields by which frameworks let a request change its method; lower case.
  package static let overrideHeaders: [[UInt8]] = [
    "x-http-method-override", "x-http-method", "x-method-override",
  ].map { Array($0.utf8) }

  /// GET, HEAD and OPTIONS, by exactly these names, without a method override in the query; also
  /// where the method is unknown (empty). Override headers are the caller's to look for.
  package static func isReading(
    _ method: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer?
  ) -> Bool {
    guard method.isEmpty || isSafe(method) else { return false }
    return query.map { !overridesMethod($0) } ?? true
  }

  private static func isSafe(_ method: UnsafeRawBufferPointer) -> Bool {
    isMethod(method, "GET") || isMethod(method, "HEAD") || isMethod(method, "OPTIONS")
  }

  private static func isMethod(_ method: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    guard method.count == name.utf8CodeUnitCount else { return false }
    for at in 0..<method.count where method[at] != name.utf8Start[at] { return false }
    return true
  }

  /// True where the query holds a parameter that some framework reads as `_method`: in any case,
  /// percent-encoded, as an array (`_method[]`), or written so that PHP turns it into that name
  /// (`.method`, ` _method`). What its value is does not matter.
  package static func overridesMethod(_ query: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at < query.count {
      if isOverride(query, at: at) { return true }
      while at < query.count, query[at] != UInt8(ascii: "&"), query[at] != UInt8(ascii: ";") {
        at += 1
      }
      at += 1
    }
    return false
  }

  private static let name: StaticString = "method"

  private static func isOverride(_ query: UnsafeRawBufferPointer, at start: Int) -> Bool {
    var at = start
    var byte = next(query, &at)
    while byte == UInt8(ascii: " ") { byte = next(query, &at) }
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "["): break
    default: return false
    }
    for index in 0..<name.utf8CodeUnitCount {
      guard let byte = next(query, &at), byte | 0x20 == name.utf8Start[index] else { return false }
    }
    switch next(query, &at) {
    case nil, 0, UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "["),
      UInt8(ascii: " "):
      return true
    default: return false
    }
  }

  /// The next byte, decoded as forms are; nil at the end.
  private static func next(_ query: UnsafeRawBufferPointer, _ at: inout Int) -> UInt8? {
    guard at < query.count else { return nil }
    if query[at] == UInt8(ascii: "%"), let byte = Percent.decode(query, at: at) {
      at += 3
      return byte
    }
    defer { at += 1 }
    return query[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : query[at]
  }
}
