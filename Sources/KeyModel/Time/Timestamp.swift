// Wall-clock time as the whole house keeps it: microseconds since 1970 in UTC, no zones, no leap
// seconds. This file must not read a clock.

/// Microseconds since 1970-01-01T00:00:00Z.
@usableFromInline package struct Timestamp: Hashable, Sendable, Comparable {
  @usableFromInline package var microseconds: Int64

  @usableFromInline package init(microseconds: Int64) { self.microseconds = microseconds }
  @usableFromInline package init(seconds: Int64) { microseconds = seconds * 1_000_000 }

  /// Whole seconds since 1970, rounded down.
  @usableFromInline package var seconds: Int64 {
    microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
  }

  /// After every other.
  @usableFromInline package static let latest = Timestamp(microseconds: .max)

  @usableFromInline package static func < (left: Self, right: Self) -> Bool {
    left.microseconds < right.microseconds
  }

  @usableFromInline package func adding(seconds: Int64) -> Timestamp {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, overflow2) = microseconds.addingReportingOverflow(product)
    return Timestamp(microseconds: overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum)
  }
}
