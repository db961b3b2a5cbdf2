// The loop's clocks, read at most once per turn, and the Date line, made at most once per second.
// The only file of the engine that reads a clock.

import Glibc

struct TurnClock {
  private var wall: Int64 = 0
  /// Nanoseconds.
  private var monotonic: Int64 = 0
  private var isRead = false

  mutating func invalidate() { isRead = false }

  var wallMicroseconds: Int64 {
    mutating get {
      if !isRead { readBoth() }
      return wall
    }
  }

  var monotonicMilliseconds: Int64 {
    mutating get {
      if !isRead { readBoth() }
      return monotonic / 1_000_000
    }
  }

  var monotonicNanoseconds: Int64 {
    mutating get {
      if !isRead { readBoth() }
      return monotonic
    }
  }

  private mutating func readBoth() {
    wall = Self.read(CLOCK_REALTIME) / 1000
    monotonic = Self.read(CLOCK_MONOTONIC)
    isRead = true
  }

  /// Nanoseconds.
  static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and CR LF.
struct DateLine {
  static let count = 37
  private let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: DateLine.count)
  private var second: Int64 = .min

  func free() { bytes.deallocate() }

  mutating func line(_ microseconds: Int64) -> UnsafePointer<UInt8> {
    let current = microseconds / 1_000_000
    if current != second {
      second = current
      fill()
    }
    return UnsafePointer(bytes)
  }

  private func fill() {
    var time = time_t(second)
    var parts = tm()
    gmtime_r(&time, &parts)
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
    let month = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][Int(parts.tm_mon)]
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let text =
      "Date: \(day), \(two(parts.tm_mday)) \(month) \(1900 + parts.tm_year) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT\r\n"
    for (offset, byte) in text.utf8.prefix(Self.count).enumerated() { bytes[offset] = byte }
  }
}
