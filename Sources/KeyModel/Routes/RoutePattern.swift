// Which calls a rule is about: a method and a path, compared byte for byte with what the client
// sent. Nothing is decoded here: PathGuard refuses what could be read in two ways.

/// `{"method":"GET","path":"/v1/*"}`; `*` as method is any, `*` at the end of a path is any rest.
package struct RoutePattern: Sendable, Hashable {
  /// Upper case, or `*`.
  package var method: String
  /// Begins with a slash; `*` only as its last character.
  package var path: String
  package init(method: String, path: String) {
    self.method = method
    self.path = path
  }

  /// - Parameter path: up to the question mark, percent-encoding untouched.
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

  /// Whether every call that fits `other` fits this one too.
  package func covers(_ other: RoutePattern) -> Bool {
    guard method == "*" || method == other.method else { return false }
    guard path.hasSuffix("*") else { return path == other.path }
    return other.path.hasPrefix(path.dropLast())
  }

  /// `matches` for a pattern kept as bytes. An unknown (empty) method fits every pattern.
  package static func matches(
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer,
    patternMethod: UnsafeRawBufferPointer, patternPath: UnsafeRawBufferPointer
  ) -> Bool {
    let anyMethod = patternMethod.count == 1 && patternMethod[0] == UInt8(ascii: "*")
    guard
      anyMethod || method.isEmpty
        || method.count == patternMethod.count && begins(method, patternMethod, method.count)
    else { return false }
    guard patternPath.last == UInt8(ascii: "*") else {
      return path.count == patternPath.count && begins(path, patternPath, path.count)
    }
    return path.count >= patternPath.count - 1 && begins(path, patternPath, patternPath.count - 1)
  }

  /// Both begin with the same `count` bytes, as many as each has or fewer.
  private static func begins(
    _ text: UnsafeRawBufferPointer, _ pattern: UnsafeRawBufferPointer, _ count: Int
  ) -> Bool {
    guard let text = text.baseAddress, let pattern = pattern.baseAddress else { return count == 0 }
    var at = 0
    while at &+ 8 <= count {
      let (one, two) = (text + at, pattern + at)
      guard one.loadUnaligned(as: UInt64.self) == two.loadUnaligned(as: UInt64.self) else {
        return false
      }
      at &+= 8
    }
    while at < count {
      guard
        text.load(fromByteOffset: at, as: UInt8.self)
          == pattern.load(fromByteOffset: at, as: UInt8.self)
      else { return false }
      at &+= 1
    }
    return true
  }
}
