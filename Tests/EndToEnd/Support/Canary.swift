// A secret to look for where it must not be, in every form it could have been written down in.
import Foundation

struct Canary: Sendable {
  private let needles: [(form: String, bytes: Data)]

  init(_ secret: String) {
    let bytes = Data(secret.utf8)
    let hex = bytes.map { String(format: "%02x", $0) }.joined()
    var needles: [(String, Data)] = [
      ("raw", bytes), ("hex", Data(hex.utf8)), ("HEX", Data(hex.uppercased().utf8)),
      ("reversed", Data(bytes.reversed())),
      ("UTF-16", secret.data(using: .utf16LittleEndian) ?? bytes),
    ]
    // Base 64 of a part depends on where it stands: drop what its neighbours reach into.
    for shift in 0..<3 {
      let padded = Data(repeating: 0, count: shift) + bytes
      let whole = padded.prefix(padded.count / 3 * 3).base64EncodedString()
      let inner = whole.dropFirst(shift == 0 ? 0 : 4)
      needles.append(("base64+\(shift)", Data(inner.utf8)))
      let url = inner.replacing("+", with: "-").replacing("/", with: "_")
      needles.append(("base64url+\(shift)", Data(url.utf8)))
    }
    self.needles = needles
  }

  /// The forms in which the secret stands in `bytes`.
  func forms(in bytes: Data) -> [String] {
    needles.filter { bytes.range(of: $0.bytes) != nil }.map(\.form)
  }
}
