// Why a JSON text was refused and where. The messages never repeat the text itself: it may hold
// secrets. The pointer does hold member names.

package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    case endOfText
    case unexpectedByte
    case invalidUTF8
    case controlCharacter
    case nulCharacter
    case invalidEscape
    case loneSurrogate
    case invalidNumber
    case numberOutOfRange
    case duplicateName
    case tooDeep(limit: Int)
    case trailingBytes
    case unterminatedComment
  }

  package var reason: Reason
  /// Bytes before the offending one.
  package var offset: Int
  /// From 1; line feeds count.
  package var line: Int
  /// From 1, in Unicode scalars, so that a caret can be put below it.
  package var column: Int
  /// The value that was being read.
  package var pointer: JSONPointer

  init(_ reason: Reason, at offset: Int, in bytes: UnsafeRawBufferPointer) {
    self.reason = reason
    self.offset = offset
    let place = TextPlace(offset, in: bytes)
    (line, column) = (place.line, place.column)
    pointer = JSONPointer()
  }

  package var message: String {
    switch reason {
    case .endOfText: "the text ends too early"
    case .unexpectedByte: "unexpected character"
    case .invalidUTF8: "invalid UTF-8"
    case .controlCharacter: "control character in a string"
    case .nulCharacter: "NUL character in a string"
    case .invalidEscape: "invalid escape"
    case .loneSurrogate: "lone surrogate"
    case .invalidNumber: "invalid number"
    case .numberOutOfRange: "number out of range"
    case .duplicateName: "duplicate member name"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .trailingBytes: "text after the end of the value"
    case .unterminatedComment: "comment without an end"
    }
  }

  package var description: String {
    let place = pointer.tokens.isEmpty ? "" : " (in \(pointer))"
    return "line \(line), column \(column): \(message)\(place)"
  }
}
