// Typed identifiers: 128 bits, the first 48 of them the time of making in milliseconds, so that
// ids sort by age. This file must not make randomness: it is an argument.

/// What an id names; the prefix stands before the underscore in its text form.
@usableFromInline
package protocol IDTag {
  static var prefix: StaticString { get }
}

extension IDTag {
  fileprivate static var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
  }
}

/// A typed 128-bit identifier. Text form: `prefix_` + 26 characters of lower-case Crockford
/// base 32, which sorts as the number does.
@usableFromInline
package struct ID<Tag: IDTag>: Hashable, Sendable, Comparable, CustomStringConvertible {
  @usableFromInline package let bits: UInt128

  // Without this attribute, here and on all that a call touches, a `package` declaration is
  // compiled once for everybody: each use from another module is a call, each comparison a look-up.
  @inlinable package init(bits: UInt128) { self.bits = bits }

  /// - Parameters:
  ///   - now: time of making; only its milliseconds since 1970 are kept (48 bits).
  ///   - random: at least 80 random bits; the rest is ignored.
  @usableFromInline package init(now: Timestamp, random: UInt128) {
    let milliseconds = UInt128(UInt64(max(0, now.microseconds / 1000)) & 0xFFFF_FFFF_FFFF)
    bits = milliseconds << 80 | (random & ((1 << 80) - 1))
  }

  /// Nil unless the text is exactly what `description` prints for some id of this kind.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    let bits = text.withUTF8 { text in
      let prefix = Tag.bytes
      guard text.count == prefix.count + 27, text.starts(with: prefix),
        text[prefix.count] == UInt8(ascii: "_")
      else { return nil as UInt128? }
      return Base32.decode(UnsafeBufferPointer(rebasing: text[(prefix.count + 1)...]))
    }
    guard let bits else { return nil }
    self.bits = bits
  }

  @usableFromInline package var description: String {
    let prefix = Tag.bytes
    return String(unsafeUninitializedCapacity: prefix.count + 27) { text in
      _ = text.initialize(fromContentsOf: prefix)
      text[prefix.count] = UInt8(ascii: "_")
      var rest = bits
      for at in stride(from: prefix.count + 26, to: prefix.count, by: -1) {
        text[at] = Base32.alphabet[Int(truncatingIfNeeded: rest) & 31]
        rest >>= 5
      }
      return prefix.count + 27
    }
  }

  /// True where `text` is exactly what `description` prints. Allocates nothing.
  package func isSpelled(_ text: UnsafeRawBufferPointer) -> Bool {
    let digits = 26
    let prefix = text.count - digits - 1
    guard prefix == Tag.bytes.count, text[prefix] == UInt8(ascii: "_"),
      text[..<prefix].elementsEqual(Tag.bytes)
    else { return false }
    for at in 0..<digits {
      let digit = Int(truncatingIfNeeded: bits >> UInt128(125 - 5 * at)) & 31
      guard text[prefix + 1 + at] == Base32.alphabet[digit] else { return false }
    }
    return true
  }

  @usableFromInline
  package static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}

/// Crockford base 32, 26 digits for 128 bits, most significant first.
package enum Base32 {
  package static let alphabet: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  package static func digits(of bits: UInt128) -> [UInt8] {
    (0..<26).map { digit($0, of: bits) }
  }

  /// The digit at `place`, 0 being the most significant of 26.
  static func digit(_ place: Int, of bits: UInt128) -> UInt8 {
    alphabet[Int(truncatingIfNeeded: bits >> UInt128(125 - 5 * place)) & 31]
  }

  package static func decode(_ text: some Sequence<UInt8>) -> UInt128? {
    var bits: UInt128 = 0
    var count = 0
    for byte in text {
      guard let digit = value(of: byte) else { return nil }
      if count == 0, digit > 7 { return nil }
      bits = bits << 5 | UInt128(digit)
      count += 1
    }
    return count == 26 ? bits : nil
  }

  /// The letters in their order, without i, l, o and u.
  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "h"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "j")...UInt8(ascii: "k"): digit - UInt8(ascii: "j") + 18
    case UInt8(ascii: "m")...UInt8(ascii: "n"): digit - UInt8(ascii: "m") + 20
    case UInt8(ascii: "p")...UInt8(ascii: "t"): digit - UInt8(ascii: "p") + 22
    case UInt8(ascii: "v")...UInt8(ascii: "z"): digit - UInt8(ascii: "v") + 27
    default: nil
    }
  }
}

@usableFromInline package enum ProjectTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "prj" }
}
@usableFromInline package enum AccountTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "acc" }
}
@usableFromInline package enum ApplicationTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "app" }
}
@usableFromInline package enum KeyTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "key" }
}
@usableFromInline package enum VersionTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "ver" }
}
package enum OperatorKeyTag: IDTag { package static let prefix: StaticString = "opk" }
package enum MemberTag: IDTag { package static let prefix: StaticString = "mem" }
package enum AuditTag: IDTag { package static let prefix: StaticString = "aud" }
@usableFromInline package enum RequestTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "req" }
}
@usableFromInline package enum LeaseTag: IDTag {
  @usableFromInline package static var prefix: StaticString { "lea" }
}
package enum WebhookTag: IDTag { package static let prefix: StaticString = "whk" }
package enum EventTag: IDTag { package static let prefix: StaticString = "evt" }
package enum DeliveryTag: IDTag { package static let prefix: StaticString = "dlv" }
package enum CycleTag: IDTag { package static let prefix: StaticString = "cyc" }
package enum MailTag: IDTag { package static let prefix: StaticString = "eml" }
package enum LeakTag: IDTag { package static let prefix: StaticString = "lek" }

@usableFromInline package typealias ProjectID = ID<ProjectTag>
@usableFromInline package typealias AccountID = ID<AccountTag>
@usableFromInline package typealias ApplicationID = ID<ApplicationTag>
@usableFromInline package typealias KeyID = ID<KeyTag>
@usableFromInline package typealias VersionID = ID<VersionTag>
package typealias OperatorKeyID = ID<OperatorKeyTag>
package typealias MemberID = ID<MemberTag>
package typealias AuditID = ID<AuditTag>
@usableFromInline package typealias RequestID = ID<RequestTag>
@usableFromInline package typealias LeaseID = ID<LeaseTag>
package typealias WebhookID = ID<WebhookTag>
package typealias EventID = ID<EventTag>
package typealias DeliveryID = ID<DeliveryTag>
package typealias CycleID = ID<CycleTag>
package typealias MailID = ID<MailTag>
package typealias LeakID = ID<LeakTag>
