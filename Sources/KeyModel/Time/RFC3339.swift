// RFC 3339 texts and timestamps. One form goes out, `2026-11-21T09:38:00Z`, with exactly six
// digits of fraction where the microseconds are not zero; what comes in may be any RFC 3339 form.

package enum RFC3339 {
  /// 0000-01-01T00:00:00Z and the last microsecond of the year 9999: what the format can hold.
  package static let earliest = Timestamp(seconds: -62_167_219_200)
  package static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

  /// Bytes of the longest text that goes out.
  package static let longest = 27

  /// UTC with `Z`. Timestamps beyond the years 0000 to 9999 show as the nearest that fits.
  package static func format(_ timestamp: Timestamp) -> String {
    String(unsafeUninitializedCapacity: longest) { text in
      text.baseAddress.map { write(timestamp, to: $0) } ?? 0
    }
  }

  /// The same text, without its end being marked; the number of its bytes. Allocates nothing.
  /// - Parameter out: room for `longest` bytes.
  package static func write(_ timestamp: Timestamp, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let time = max(earliest, min(latest, timestamp))
    let date = CivilDate(daysSince1970: time.day)
    let second = time.seconds - time.day * 86_400
    let fraction = time.microseconds - time.seconds * 1_000_000
    put(date.year, 4, before: "-", out)
    put(date.month, 2, before: "-", out + 5)
    put(date.day, 2, before: "T", out + 8)
    put(second / 3600, 2, before: ":", out + 11)
    put(second / 60 % 60, 2, before: ":", out + 14)
    put(second % 60, 2, before: fraction == 0 ? "Z" : ".", out + 17)
    guard fraction != 0 else { return 20 }
    put(fraction, 6, before: "Z", out + 20)
    return longest
  }

  /// Any offset; one to nine digits of fraction, of which those below a microsecond are dropped.
  /// Nil for anything else, leap seconds and times outside `earliest...latest` included.
  package static func parse(_ text: some StringProtocol) -> Timestamp? {
    var cursor = Cursor(bytes: Array(text.utf8))
    guard let year = cursor.number(4), cursor.take("-"), let month = cursor.number(2),
      cursor.take("-"), let day = cursor.number(2),
      let date = CivilDate(year: year, month: month, day: day),
      cursor.take("T") || cursor.take("t"),
      let hour = cursor.number(2, below: 24), cursor.take(":"),
      let minute = cursor.number(2, below: 60), cursor.take(":"),
      let second = cursor.number(2, below: 60),
      let fraction = cursor.fraction(), let offset = cursor.offset(), cursor.isAtEnd
    else { return nil }
    let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
    let result = Timestamp(microseconds: seconds * 1_000_000 + fraction)
    return result >= earliest && result <= latest ? result : nil
  }

  private static func put(
    _ value: Int64, _ width: Int, before end: Unicode.Scalar, _ out: UnsafeMutablePointer<UInt8>
  ) {
    var rest = value
    for place in (0..<width).reversed() {
      out[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    out[width] = UInt8(ascii: end)
  }

  private struct Cursor {
    let bytes: [UInt8]
    var at = 0

    var isAtEnd: Bool { at == bytes.count }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard at < bytes.count, bytes[at] == UInt8(ascii: scalar) else { return false }
      at += 1
      return true
    }

    mutating func digit() -> Int64? {
      guard at < bytes.count, case let value = bytes[at] &- UInt8(ascii: "0"), value < 10
      else { return nil }
      at += 1
      return Int64(value)
    }

    mutating func number(_ width: Int, below limit: Int64 = .max) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<width {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value < limit ? value : nil
    }

    /// Microseconds; 0 where there is no fraction.
    mutating func fraction() -> Int64? {
      guard take(".") else { return 0 }
      var value: Int64 = 0
      var count = 0
      while let digit = digit() {
        count += 1
        if count <= 6 { value = value * 10 + digit }
      }
      guard (1...9).contains(count) else { return nil }
      for _ in min(count, 6)..<6 { value *= 10 }
      return value
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
      if take("Z") || take("z") { return 0 }
      let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
      guard sign != 0, let hours = number(2, below: 24), take(":"),
        let minutes = number(2, below: 60)
      else { return nil }
      return sign * (hours * 3600 + minutes * 60)
    }
  }
}
