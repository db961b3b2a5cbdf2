// CRC-32 (IEEE 802.3, reflected) as tokens carry it. It finds typing errors and garbage before a
// store is asked; it is no security.

package enum CRC32 {
  /// Eight tables of 256: table n holds the effect of a byte that n more bytes follow, so that
  /// eight bytes take eight independent look-ups (a plain table takes 110 ns for a token).
  private static let tables: Tables = {
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in
        crc & 1 == 0 ? crc >> 1 : 0xEDB8_8320 ^ (crc >> 1)
      }
    }
    for index in 256..<8 * 256 {
      let crc = tables[index - 256]
      tables[index] = crc >> 8 ^ tables[Int(crc & 255)]
    }
    return Tables(entries: tables)
  }()

  /// Written once and never freed: an array would have its references counted on every call.
  private struct Tables: @unchecked Sendable {
    let entries: UnsafePointer<UInt32>
    init(entries: UnsafeMutablePointer<UInt32>) { self.entries = UnsafePointer(entries) }
  }

  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let tables = tables.entries
    var crc = UInt32.max
    var at = 0
    while at &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      crc = fold(word ^ UInt64(crc), tables)
      at &+= 8
    }
    while at < bytes.count {
      crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[at])) & 255)]
      at &+= 1
    }
    return ~crc
  }

  @inline(__always)
  private static func fold(_ word: UInt64, _ tables: UnsafePointer<UInt32>) -> UInt32 {
    @inline(__always)
    func effect(_ shift: UInt64, _ table: Int) -> UInt32 {
      tables[table &* 256 &+ Int(truncatingIfNeeded: word >> shift & 255)]
    }
    let low = effect(0, 7) ^ effect(8, 6) ^ effect(16, 5) ^ effect(24, 4)
    let high = effect(32, 3) ^ effect(40, 2) ^ effect(48, 1) ^ effect(56, 0)
    return low ^ high
  }
}
