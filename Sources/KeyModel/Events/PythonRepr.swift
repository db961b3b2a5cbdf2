// A JSON value as Python's `repr` prints what its `json` module reads. One vendor's receivers sign
// over this text instead of the bytes that came.

package enum PythonRepr {
  package static func text(of value: JSONValue) -> String {
    switch value {
    case .null: "None"
    case .bool(let flag): flag ? "True" : "False"
    case .integer(let number): String(number)
    case .decimal(let number): decimal(number)
    case .string(let text): string(text)
    case .array(let items): "[" + items.map(text).joined(separator: ", ") + "]"
    case .object(let object):
      "{"
        + object.members.map { string($0.name) + ": " + text(of: $0.value) }
        .joined(separator: ", ") + "}"
    }
  }

  /// In single quotes, but in double ones where it has single ones only.
  private static func string(_ text: String) -> String {
    let quote: Unicode.Scalar =
      text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView()
    result.append(quote)
    for scalar in text.unicodeScalars { append(scalar, quote, to: &result) }
    result.append(quote)
    return String(result)
  }

  private static func append(
    _ scalar: Unicode.Scalar, _ quote: Unicode.Scalar, to result: inout String.UnicodeScalarView
  ) {
    switch scalar {
    case "\\", quote: result.append(contentsOf: "\\\(scalar)".unicodeScalars)
    case "\n": result.append(contentsOf: "\\n".unicodeScalars)
    case "\r": result.append(contentsOf: "\\r".unicodeScalars)
    case "\t": result.append(contentsOf: "\\t".unicodeScalars)
    default:
      if isPrintable(scalar) {
        result.append(scalar)
      } else {
        result.append(contentsOf: escape(scalar.value).unicodeScalars)
      }
    }
  }

  private static func escape(_ value: UInt32) -> String {
    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x1_0000 ? ("u", 4) : ("U", 8)
    let digits = String(value, radix: 16)
    return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
  }

  /// As Python's `str.isprintable`.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }

  /// The shortest digits that read back as the same number, with an exponent where Python has one:
  /// below 1e-4 and from 1e16 on.
  private static func decimal(_ number: Double) -> String {
    if !number.isFinite { return "None" }
    if number == 0 { return number.sign == .minus ? "-0.0" : "0.0" }
    let sign = number < 0 ? "-" : ""
    let (digits, exponent) = parts(of: number.magnitude)
    if exponent < -4 || exponent >= 16 {
      let rest = digits.dropFirst()
      let mark = exponent < 0 ? "-" : "+"
      let power = String(abs(exponent))
      return sign + String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest) + "e" + mark
        + (power.count < 2 ? "0" + power : power)
    }
    return sign + plain(digits, exponent)
  }

  private static func plain(_ digits: String, _ exponent: Int) -> String {
    if exponent < 0 {
      return "0." + String(repeating: "0", count: -exponent - 1) + digits
    }
    let whole = digits.prefix(exponent + 1)
    let rest = digits.dropFirst(exponent + 1)
    return whole + String(repeating: "0", count: exponent + 1 - whole.count) + "."
      + (rest.isEmpty ? "0" : rest)
  }

  /// Significant digits without zeros at either end, and the power of ten of the first.
  private static func parts(of number: Double) -> (digits: String, exponent: Int) {
    let halves = "\(number)".split(separator: "e")
    let mantissa = halves[0].split(separator: ".", omittingEmptySubsequences: false)
    let power = halves.count == 2 ? Int(halves[1]) ?? 0 : 0
    let whole = mantissa[0]
    let all = whole + (mantissa.count == 2 ? mantissa[1] : "")
    let leading = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leading)
    while digits.last == "0" { digits.removeLast() }
    return (String(digits), power + whole.count - 1 - leading)
  }
}
