// The one way from bytes to a JSON value: RFC 8259, strictly, for request bodies, policies and
// configuration alike. It must not guess, repair or skip anything.

package enum JSONReader {
  /// Nested arrays and objects that are read unless the caller says otherwise.
  package static let defaultMaximumDepth = 32

  /// Refused beyond the grammar: duplicate names (canonically equal ones too), invalid UTF-8, lone
  /// surrogates, NUL even where escaped, a byte order mark, integers beyond Int64, numbers
  /// beyond Double, and more than `maximumDepth` levels.
  /// - Parameter comments: allow `//`, `/* */` and trailing commas, for files that people write.
  package static func read(
    _ bytes: UnsafeRawBufferPointer, comments: Bool = false,
    maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes, comments: comments, maximumDepth: maximumDepth)
    return try parser.document()
  }

  package static func read(
    _ bytes: [UInt8], comments: Bool = false, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSONValue {
    // `withUnsafeBytes` rethrows untyped errors, hence the result that is carried out.
    let result: Result<JSONValue, JSONError> = bytes.withUnsafeBytes { buffer in
      do throws(JSONError) {
        return .success(try read(buffer, comments: comments, maximumDepth: maximumDepth))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  package static func read(
    _ text: String, comments: Bool = false, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSONValue {
    try read(Array(text.utf8), comments: comments, maximumDepth: maximumDepth)
  }
}

/// A recursive-descent reader over borrowed bytes. Pointers in errors are put together while the
/// error travels outwards, so that success pays nothing for them.
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let comments: Bool
  let maximumDepth: Int
  /// The first byte that is not UTF-8; `bytes.count` where all are.
  let invalidAt: Int
  var at = 0
  /// Nil: nobody asks where the values stand.
  var trail: JSONTrail?
  private var depth = 0

  init(bytes: UnsafeRawBufferPointer, comments: Bool, maximumDepth: Int) {
    self.bytes = bytes
    self.comments = comments
    self.maximumDepth = maximumDepth
    invalidAt = UTF8Validation.firstInvalid(bytes) ?? bytes.count
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    try skipSpace()
    guard at == bytes.count else { throw fail(.trailingBytes) }
    guard invalidAt == bytes.count else { throw fail(.invalidUTF8, at: invalidAt) }
    return value
  }

  func fail(_ reason: JSONError.Reason, at offset: Int? = nil) -> JSONError {
    JSONError(reason, at: offset ?? at, in: bytes)
  }

  /// Nil at the end of the text.
  var peek: UInt8? {
    @inline(__always) get { at < bytes.count ? bytes[at] : nil }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    try skipSpace()
    guard let byte = peek else { throw fail(.endOfText) }
    switch byte {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fail(.unexpectedByte)
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < maximumDepth else { throw fail(.tooDeep(limit: maximumDepth)) }
    depth += 1
    at += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError)
    -> JSONValue
  {
    for index in 0..<word.utf8CodeUnitCount {
      guard let byte = peek else { throw fail(.endOfText) }
      guard byte == word.utf8Start[index] else { throw fail(.unexpectedByte) }
      at += 1
    }
    return value
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var elements: [JSONValue] = []
    if try closes(with: UInt8(ascii: "]"), afterComma: false) { return .array(elements) }
    while true {
      if trail != nil {
        try skipSpace()
        trail?.enter(String(elements.count), at: at)
      }
      do throws(JSONError) {
        elements.append(try value())
      } catch {
        throw error.inside(String(elements.count))
      }
      trail?.leave()
      if try !continues(to: UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var object = JSONObject()
    var names = MemberNames()
    if try closes(with: UInt8(ascii: "}"), afterComma: false) { return .object(object) }
    while true {
      try skipSpace()
      let start = at
      guard let byte = peek else { throw fail(.endOfText) }
      guard byte == UInt8(ascii: "\"") else { throw fail(.unexpectedByte) }
      let name = try string()
      guard names.insert(name, among: object) else {
        throw fail(.duplicateName, at: start).inside(name)
      }
      trail?.enter(name, at: start)
      object.append(new: name, try member(name))
      trail?.leave()
      if try !continues(to: UInt8(ascii: "}")) { return .object(object) }
    }
  }

  private mutating func member(_ name: String) throws(JSONError) -> JSONValue {
    try skipSpace()
    guard let byte = peek else { throw fail(.endOfText).inside(name) }
    guard byte == UInt8(ascii: ":") else { throw fail(.unexpectedByte).inside(name) }
    at += 1
    do throws(JSONError) {
      return try value()
    } catch {
      throw error.inside(name)
    }
  }

  /// True where another element follows; false after the closing bracket, which is taken.
  private mutating func continues(to close: UInt8) throws(JSONError) -> Bool {
    try skipSpace()
    guard let byte = peek else { throw fail(.endOfText) }
    at += 1
    if byte == close { return false }
    guard byte == UInt8(ascii: ",") else { throw fail(.unexpectedByte, at: at - 1) }
    return try !closes(with: close, afterComma: true)
  }

  /// Takes the closing bracket if it stands here; after a comma only where comments are allowed.
  private mutating func closes(with close: UInt8, afterComma: Bool) throws(JSONError) -> Bool {
    try skipSpace()
    guard peek == close, !afterComma || comments else { return false }
    at += 1
    return true
  }
}

/// Finds duplicate names: by looking through the few, by a set for the many.
private struct MemberNames {
  private var set: Set<String> = []

  /// False where the name was there before.
  mutating func insert(_ name: String, among object: JSONObject) -> Bool {
    if object.members.count < 12 { return !object.members.contains { $0.name == name } }
    if set.isEmpty { set = Set(object.members.map(\.name)) }
    return set.insert(name).inserted
  }
}

extension JSONError {
  func inside(_ token: String) -> JSONError {
    var error = self
    error.pointer.tokens.insert(token, at: 0)
    return error
  }
}
