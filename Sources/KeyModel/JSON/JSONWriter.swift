// From a JSON value to text: compact for machines, indented for people.

package enum JSONWriter {
  /// Without any white space. Numbers that are not finite become `null`.
  package static func compact(_ value: JSONValue) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    write(value, into: &output)
    return output
  }

  package static func compactText(_ value: JSONValue) -> String {
    String(decoding: compact(value), as: UTF8.self)
  }

  /// Indented by two spaces, without a line feed at the end.
  package static func pretty(_ value: JSONValue) -> String {
    var output: [UInt8] = []
    writePretty(value, indent: 0, into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  package static func write(_ value: JSONValue, into output: inout [UInt8]) {
    switch value {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .decimal(let value): output += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let value): writeString(value, into: &output)
    case .array(let elements): writeArray(elements, into: &output)
    case .object(let object): writeObject(object, into: &output)
    }
  }

  /// With its quotation marks.
  package static func writeString(_ text: String, into output: inout [UInt8]) {
    var text = text
    output.append(UInt8(ascii: "\""))
    text.withUTF8 { bytes in
      // Hardly any text has something to escape.
      if isPlain(UnsafeRawBufferPointer(bytes)) {
        output.append(contentsOf: bytes)
      } else {
        writeEscaped(bytes, into: &output)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  /// The inside of a string: quotation marks, backslashes and control characters escaped.
  package static func writeEscaped(_ text: some Sequence<UInt8>, into output: inout [UInt8]) {
    for byte in text {
      if needsEscape(byte) {
        writeEscape(byte, into: &output)
      } else {
        output.append(byte)
      }
    }
  }

  /// Nothing in it needs an escape: eight bytes at a time, and what is left one by one.
  private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      if hasEscape(word) { return false }
      at += 8
    }
    return !bytes[at...].contains(where: needsEscape)
  }

  /// Whether one of the eight bytes needs an escape: a byte below another one borrows from its
  /// highest bit when that is taken away, unless it was set before.
  private static func hasEscape(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ ones &* UInt64(UInt8(ascii: "\""))
    let backslash = word ^ ones &* UInt64(UInt8(ascii: "\\"))
    let below =
      (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
    return below & (ones &* 0x80) != 0
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func writeEscape(_ byte: UInt8, into output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    default:
      output += "u00".utf8
      output.append(Hex.digits[Int(byte >> 4)])
      output.append(Hex.digits[Int(byte & 15)])
    }
  }

  private static func writeArray(_ elements: [JSONValue], into output: inout [UInt8]) {
    output.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      write(element, into: &output)
    }
    output.append(UInt8(ascii: "]"))
  }

  private static func writeObject(_ object: JSONObject, into output: inout [UInt8]) {
    output.append(UInt8(ascii: "{"))
    for (index, member) in object.members.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      writeString(member.name, into: &output)
      output.append(UInt8(ascii: ":"))
      write(member.value, into: &output)
    }
    output.append(UInt8(ascii: "}"))
  }
}

extension JSONWriter {
  private static func writePretty(
    _ value: JSONValue, indent: Int, into output: inout [UInt8]
  ) {
    switch value {
    case .array(let elements) where !elements.isEmpty:
      writeLines("[", "]", count: elements.count, indent: indent, into: &output) {
        writePretty(elements[$0], indent: indent + 1, into: &$1)
      }
    case .object(let object) where !object.members.isEmpty:
      writeLines("{", "}", count: object.members.count, indent: indent, into: &output) {
        writeString(object.members[$0].name, into: &$1)
        $1 += ": ".utf8
        writePretty(object.members[$0].value, indent: indent + 1, into: &$1)
      }
    default: write(value, into: &output)
    }
  }

  private static func writeLines(
    _ open: String, _ close: String, count: Int, indent: Int, into output: inout [UInt8],
    _ item: (Int, inout [UInt8]) -> Void
  ) {
    output += open.utf8
    for index in 0..<count {
      output += (index > 0 ? ",\n" : "\n").utf8
      output += repeatElement(UInt8(ascii: " "), count: (indent + 1) * 2)
      item(index, &output)
    }
    output.append(0x0A)
    output += repeatElement(UInt8(ascii: " "), count: indent * 2)
    output += close.utf8
  }
}
