// The house's values read from a row. A stored value that cannot be one is `corrupt`.
import Glibc
internal import KeyModel

// Inlined, so that the tag and the enumeration are known where a column is read: looking generic
// types up at run time would cost start-up a quarter of its time.
extension Row {
  @inline(__always)
  func id<Tag>(_ column: Int, _: Tag.Type = Tag.self) throws(StoreError) -> ID<Tag> {
    ID(bits: try bits(column))
  }
  @inline(__always)
  func optionalID<Tag>(_ column: Int, _: Tag.Type = Tag.self) throws(StoreError) -> ID<Tag>? {
    isNull(column) ? nil : ID(bits: try bits(column))
  }
  @inline(__always)
  func time(_ column: Int) throws(StoreError) -> Timestamp {
    Timestamp(microseconds: try integer(column))
  }
  @inline(__always)
  func optionalTime(_ column: Int) throws(StoreError) -> Timestamp? {
    isNull(column) ? nil : Timestamp(microseconds: try integer(column))
  }
  func optionalInteger(_ column: Int) throws(StoreError) -> Int64? {
    isNull(column) ? nil : try integer(column)
  }
  func optionalText(_ column: Int) throws(StoreError) -> String? {
    isNull(column) ? nil : try text(column)
  }
  func optionalBlob(_ column: Int) throws(StoreError) -> [UInt8]? {
    isNull(column) ? nil : try blob(column)
  }
  @inline(__always)
  func raw<E: RawRepresentable>(_ column: Int, _: E.Type = E.self) throws(StoreError) -> E
  where E.RawValue == UInt8 {
    let stored = try integer(column)
    guard let byte = UInt8(exactly: stored), let value = E(rawValue: byte) else {
      throw .corrupt("\(E.self) \(stored)")
    }
    return value
  }
  @inline(__always)
  func optionalRaw<E: RawRepresentable>(_ column: Int, _: E.Type = E.self) throws(StoreError) -> E?
  where E.RawValue == UInt8 {
    isNull(column) ? nil : try raw(column)
  }
}

/// Decoding that both engines share, from the bytes of a column.
enum StoredBytes {
  static func bits(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> UInt128 {
    guard bytes.count == 16 else { throw .corrupt("an id of \(bytes.count) bytes") }
    return UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))
  }
  static func lookup(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> Lookup {
    guard bytes.count == 32 else { throw .corrupt("a look-up value of \(bytes.count) bytes") }
    return Lookup(words: bytes.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self))
  }
  static func equal(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
    guard text.utf8.count == bytes.count else { return false }
    let same = text.utf8.withContiguousStorageIfAvailable { utf8 in
      guard let left = utf8.baseAddress, let right = bytes.baseAddress else { return true }
      return memcmp(left, right, bytes.count) == 0
    }
    return same ?? text.utf8.elementsEqual(bytes)
  }
}
