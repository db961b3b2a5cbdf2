// The key that wraps all others, and its text form: one `latchkey-master-key:v1:` + 64 hexadecimal
// digits a line, oldest first; `#` begins a comment. No file is touched here.

/// One master key. Its id is the BLAKE2b-64 fingerprint of its bytes, 16 hexadecimal digits.
package struct MasterKey: Sendable {
  package let id: String
  let box: SecretBox

  init(_ box: SecretBox) {
    self.box = box
    id = hexadecimal(
      box.withBytes {
        BLAKE2b.digest(of: $0, key: UnsafeRawBufferPointer(start: nil, count: 0), count: 8)
      })
  }

  package init(entropy: any Entropy) {
    self.init(SecretBox(count: 32) { entropy.fill($0) })
  }

  static let linePrefix = "latchkey-master-key:v1:"

  /// The line that stands for this key in a master key file.
  func line() -> Secret {
    Secret(Self.linePrefix + box.withBytes { hexadecimal(Array($0)) } + "\n")
  }
}

/// Every master key this server was given: the newest wraps, all unwrap.
package struct MasterKeys: Sendable {
  /// Oldest first, never empty.
  package let all: [MasterKey]

  package init(oldestFirst first: MasterKey, _ rest: MasterKey...) { all = [first] + rest }

  init?(_ keys: [MasterKey]) {
    if keys.isEmpty { return nil }
    all = keys
  }

  package var newest: MasterKey { all[all.count - 1] }

  package subscript(id: String) -> MasterKey? { all.first { $0.id == id } }

  /// These keys and a newer one.
  package func adding(_ key: MasterKey) -> MasterKeys {
    var keys = all
    keys.append(key)
    return MasterKeys(keys) ?? self
  }
}

/// Reads the text form; on failure gives the number of the first bad line, 0 where no key is in it.
enum MasterKeyText {
  enum Outcome {
    case keys(MasterKeys)
    case badLine(Int)
  }

  static func parse(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    var keys: [MasterKey] = []
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let text = trimmed(line)
      if text.isEmpty || text.first == 0x23 { continue }
      guard let key = parseLine(text) else { return .badLine(number) }
      keys.append(key)
    }
    guard let keys = MasterKeys(keys) else { return .badLine(0) }
    return .keys(keys)
  }

  private static func parseLine(_ line: Slice<UnsafeRawBufferPointer>) -> MasterKey? {
    let prefix = MasterKey.linePrefix.utf8
    let digits = line.starts(with: prefix) ? line.dropFirst(prefix.count) : line
    guard digits.count == 64 else { return nil }
    var valid = true
    let box = SecretBox(count: 32) { out in
      for (at, byte) in digits.enumerated() {
        guard let value = hexadecimalValue(byte) else {
          valid = false
          return
        }
        out[at / 2] = at % 2 == 0 ? value << 4 : out[at / 2] | value
      }
    }
    return valid ? MasterKey(box) : nil
  }

  private static func trimmed(
    _ line: Slice<UnsafeRawBufferPointer>
  ) -> Slice<UnsafeRawBufferPointer> {
    var line = line
    while let first = line.first, first == 0x20 || first == 0x09 { line = line.dropFirst() }
    while let last = line.last, last == 0x20 || last == 0x09 || last == 0x0D {
      line = line.dropLast()
    }
    return line
  }
}

private func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x61...0x66: byte - 0x61 + 10
  case 0x41...0x46: byte - 0x41 + 10
  default: nil
  }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
