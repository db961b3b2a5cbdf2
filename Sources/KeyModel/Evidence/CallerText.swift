// What a client wrote about itself, made fit to be kept and shown: short, without controls, and
// without what may be a credential.

package enum CallerText {
  /// Bytes of a user agent that are looked at; what comes after is cut off.
  package static let byteLimit = 160
  /// So many letters, digits, `-` and `_` in a row, a digit among them, may be a secret.
  package static let secretLength = 28

  /// Valid UTF-8 of at most about `byteLimit` bytes; controls and marks of direction are left out.
  package static func clean(_ bytes: some Sequence<UInt8>) -> String {
    let text = String(decoding: Array(bytes.prefix(byteLimit)), as: UTF8.self)
    var kept = String.UnicodeScalarView()
    var run: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars where !isHidden(scalar) {
      if isTokenScalar(scalar) {
        run.append(scalar)
      } else {
        flush(&run, into: &kept)
        kept.append(scalar)
      }
    }
    flush(&run, into: &kept)
    // A character that the limit cut in two.
    while kept.last == "\u{FFFD}" { kept.removeLast() }
    return String(kept)
  }

  private static func flush(
    _ run: inout [Unicode.Scalar], into kept: inout String.UnicodeScalarView
  ) {
    if run.count >= secretLength, run.contains(where: { ("0"..."9").contains($0) }) {
      kept.append(contentsOf: "{redacted}".unicodeScalars)
    } else {
      kept.append(contentsOf: run)
    }
    run.removeAll(keepingCapacity: true)
  }

  private static func isTokenScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
    default: false
    }
  }

  static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
    default: false
    }
  }
}
