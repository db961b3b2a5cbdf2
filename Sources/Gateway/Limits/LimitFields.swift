// The RateLimit-Policy and RateLimit fields of an answer, after draft-ietf-httpapi-ratelimit-
// headers-11: lists of strings with parameters (RFC 9651). They tell a caller its own limits and
// nothing about who else is counted.
import Verification

struct LimitFields {
  /// `"account-60s"`
  private let names: FixedTexts
  /// The same with what never changes: `"account-60s";q=300;w=60`
  private let policies: FixedTexts
  /// The line of all of them in their order, which most calls get.
  private let line: FixedTexts

  init(_ limits: [LimitName]) {
    names = FixedTexts(limits.map { Array("\"\($0.name)\"".utf8) })
    let each = limits.map { limit in
      let window = limit.seconds.map { ";w=\($0)" } ?? ";qu=\"concurrent-requests\""
      return "\"\(limit.name)\";q=\(limit.calls)\(window)"
    }
    policies = FixedTexts(each.map { Array($0.utf8) })
    line = FixedTexts([Array(("RateLimit-Policy: " + each.joined(separator: ", ")).utf8)])
  }

  func free() {
    names.free()
    policies.free()
    line.free()
  }

  /// Complete lines, or nothing where no limit was asked.
  /// - Parameter isRefused: then only the limits that refused tell what is left of them, so that
  ///   none says less than `Retry-After`.
  func append(
    _ readings: ContiguousArray<MeterReading>, isRefused: Bool, to out: OutputBuffer
  ) {
    guard !readings.isEmpty else { return }
    // Each limit is asked once, so as many readings as limits are all of them.
    if readings.count == policies.count {
      out.append(line[0])
    } else {
      appendPolicies(readings, to: out)
    }
    var separator: StaticString = "\r\nRateLimit: "
    for index in readings.indices where readings[index].refused || !isRefused {
      out.append(separator)
      append(readings[index], to: out)
      separator = ", "
    }
    out.append("\r\n")
  }

  private func appendPolicies(_ readings: ContiguousArray<MeterReading>, to out: OutputBuffer) {
    var separator: StaticString = "RateLimit-Policy: "
    for index in readings.indices {
      out.append(separator)
      out.append(policies[readings[index].limit])
      separator = ", "
    }
  }

  private func append(_ reading: MeterReading, to out: OutputBuffer) {
    out.append(names[reading.limit])
    out.append(";r=")
    out.append(decimal: reading.remaining)
    if let seconds = reading.seconds {
      out.append(";t=")
      out.append(decimal: seconds)
    }
    out.append(";pk=:")
    out.append(base64: reading.badge)
    out.append(UInt8(ascii: ":"))
  }
}

extension OutputBuffer {
  /// The low 48 bits: eight digits of RFC 4648 §4.
  fileprivate func append(base64 bits: UInt64) {
    let alphabet: StaticString =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    let digits = alphabet.utf8Start
    fill(atMost: 8) { out in
      for place in 0..<8 { out[place] = digits[Int(bits >> UInt64(42 &- 6 &* place) & 63)] }
      return 8
    }
  }
}
