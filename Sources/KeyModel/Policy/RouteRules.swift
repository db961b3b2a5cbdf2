// Whether a call fits a route, and whether it only reads. Works on the raw bytes of the request and
// allocates nothing: it is asked on every call of a restricted key.

extension RoutePattern {
  /// `*` as method fits any; a path ending in `*` fits any path that begins with the rest of it.
  package func matches(method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) -> Bool {
    var pattern = (method: self.method, path: self.path)
    return pattern.method.withUTF8 { patternMethod in
      pattern.path.withUTF8 { patternPath in
        Self.matches(
          method: method, path: path, patternMethod: UnsafeRawBufferPointer(patternMethod),
          patternPath: UnsafeRawBufferPointer(patternPath))
      }
    }
  }

  /// The same for a pattern kept as bytes. An unknown (empty) method fits every pattern.
  package static func matches(
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer,
    patternMethod: UnsafeRawBufferPointer, patternPath: UnsafeRawBufferPointer
  ) -> Bool {
    let anyMethod = patternMethod.count == 1 && patternMethod[0] == UInt8(ascii: "*")
    guard anyMethod || method.isEmpty || patternMethod.elementsEqual(method) else { return false }
    guard let last = patternPath.last, last == UInt8(ascii: "*") else {
      return patternPath.elementsEqual(path)
    }
    return path.starts(with: patternPath.dropLast())
  }
}

/// Which raw paths mean the same to everybody who reads them. Where routes decide, others are
/// refused: an upstream may resolve `/a/%2e%2e/b` where a pattern did not.
package enum PathGuard {
  package static func isUnambiguous(_ path: UnsafeRawBufferPointer) -> Bool {
    guard path.first == UInt8(ascii: "/") else { return false }
    var segmentStart = 1
    for at in 1...path.count {
      let byte = at < path.count ? path[at] : UInt8(ascii: "/")
      switch byte {
      case UInt8(ascii: "/"):
        let length = at - segmentStart
        if length == 0, at < path.count { return false }
        if isDots(path, segmentStart, length) { return false }
        segmentStart = at + 1
      case UInt8(ascii: ";"), UInt8(ascii: "\\"): return false
      case UInt8(ascii: "%"):
        if at + 2 >= path.count || isAmbiguous(path[at + 1], path[at + 2]) { return false }
      case 0...0x20, 0x7F: return false
      default: break
      }
    }
    return true
  }

  private static func isDots(_ path: UnsafeRawBufferPointer, _ start: Int, _ length: Int) -> Bool {
    (length == 1 || length == 2)
      && path[start..<start + length].allSatisfy { $0 == UInt8(ascii: ".") }
  }

  /// `%2e . %2f / %5c \ %3b ; %00` and the percent sign itself.
  private static func isAmbiguous(_ high: UInt8, _ low: UInt8) -> Bool {
    guard let value = byte(high, low) else { return true }
    switch value {
    case 0, UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ";"),
      UInt8(ascii: "%"):
      return true
    default: return false
    }
  }
}

/// What counts as reading, and the ways in which a call may claim another method than its own.
package enum MethodRule {
  /// Lower case.
  package static let overrideHeaders: [[UInt8]] = [
    "x-http-method-override", "x-http-method", "x-method-override",
  ].map { Array($0.utf8) }

  private static let overrideParameter = Array("_method".utf8)

  /// GET, HEAD and OPTIONS without a `_method` in the query; also where the method is unknown
  /// (empty).
  package static func isReading(
    _ method: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer?
  ) -> Bool {
    guard method.isEmpty || isSafe(method) else { return false }
    return query.map { !overridesMethod($0) } ?? true
  }

  private static func isSafe(_ method: UnsafeRawBufferPointer) -> Bool {
    method.elementsEqual("GET".utf8) || method.elementsEqual("HEAD".utf8)
      || method.elementsEqual("OPTIONS".utf8)
  }

  /// True where a parameter of the query is named `_method`, also when it is percent-encoded, in
  /// another case, or ends in `[]`.
  package static func overridesMethod(_ query: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at < query.count {
      if beginsWithOverride(query, at) { return true }
      while at < query.count, !isSeparator(query[at]) { at += 1 }
      at += 1
    }
    return false
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
  }

  private static func beginsWithOverride(_ query: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    var at = start
    for expected in overrideParameter {
      guard let byte = decoded(query, &at) else { return false }
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if lower != expected { return false }
    }
    guard let next = decoded(query, &at) else { return true }
    return [UInt8(ascii: "="), UInt8(ascii: "["), UInt8(ascii: "&"), UInt8(ascii: ";")]
      .contains(next)
  }

  /// One byte of the query with its percent-encoding undone; nil at the end.
  private static func decoded(_ query: UnsafeRawBufferPointer, _ at: inout Int) -> UInt8? {
    guard at < query.count else { return nil }
    if query[at] == UInt8(ascii: "%"), at + 2 < query.count,
      let value = byte(query[at + 1], query[at + 2])
    {
      at += 3
      return value
    }
    at += 1
    return query[at - 1]
  }
}

/// The byte that two hexadecimal digits stand for.
private func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
  guard let high = Hex.value(of: high), let low = Hex.value(of: low) else { return nil }
  return high << 4 | low
}
