// A value on its way into a statement or out of a dump. The few types both engines share: 64-bit
// integers, text, bytes. Ids and look-up values have cases of their own to save an allocation.
internal import KeyModel

enum SQLValue: Hashable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
  /// 16 bytes, most significant first, so that ids sort by age.
  case id(UInt128)
  case lookup(Lookup)
}

extension SQLValue {
  static func id<Tag>(_ id: ID<Tag>) -> SQLValue { .id(id.bits) }
  static func id<Tag>(_ id: ID<Tag>?) -> SQLValue { id.map { .id($0.bits) } ?? .null }
  static func time(_ time: Timestamp) -> SQLValue { .integer(time.microseconds) }
  static func time(_ time: Timestamp?) -> SQLValue {
    time.map { .integer($0.microseconds) } ?? .null
  }
  static func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
  static func blob(_ blob: [UInt8]?) -> SQLValue { blob.map { .blob($0) } ?? .null }
  static func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
  static func raw<E: RawRepresentable>(_ value: E) -> SQLValue where E.RawValue == UInt8 {
    .integer(Int64(value.rawValue))
  }

  /// How many bytes a text, a blob, an id or a look-up value has.
  var byteCount: Int {
    switch self {
    case .null, .integer: 0
    case .text(let text): text.utf8.count
    case .blob(let bytes): bytes.count
    case .id: 16
    case .lookup: Lookup.byteCount
    }
  }

  /// Shows the value's bytes as an engine wants them bound; integers and null have none.
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    switch self {
    case .null: body(UnsafeRawBufferPointer(start: nil, count: 0))
    case .integer(let value): withUnsafeBytes(of: value.bigEndian, body)
    case .text(var text): text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    case .blob(let bytes): bytes.withUnsafeBytes(body)
    case .id(let bits): withUnsafeBytes(of: bits.bigEndian, body)
    case .lookup(let lookup): withUnsafeBytes(of: lookup.words, body)
    }
  }
}
