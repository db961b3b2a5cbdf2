// The view of a head's fields that handlers get. Must not copy or fold names: `x_a` and `x-a` are
// two names.

/// Bytes of a request or response head in the connection's own buffer; valid until the exchange
/// (or upstream call) ends.
@usableFromInline package struct HeaderList {
  package struct Field {
    package var name: UnsafeRawBufferPointer
    package var value: UnsafeRawBufferPointer
  }

  @usableFromInline let base: BytePointer
  @usableFromInline let index: UnsafePointer<HeadIndex>

  init(base: BytePointer, index: UnsafePointer<HeadIndex>) {
    self.base = base
    self.index = index
  }

  @inlinable package var count: Int { index.pointee.count }

  package subscript(position: Int) -> Field {
    Field(name: name(position), value: value(position))
  }

  @inlinable @inline(__always)
  package func name(_ position: Int) -> UnsafeRawBufferPointer {
    let span = span(position)
    return UnsafeRawBufferPointer(start: base + Int(span.nameStart), count: Int(span.nameLength))
  }

  @inlinable @inline(__always)
  package func value(_ position: Int) -> UnsafeRawBufferPointer {
    let span = span(position)
    return UnsafeRawBufferPointer(
      start: base + Int(span.valueStart), count: Int(span.valueLength))
  }

  @inlinable @inline(__always)
  func span(_ position: Int) -> FieldSpan {
    precondition(position >= 0 && position < index.pointee.count)
    return index.pointee.fields[position]
  }

  /// The value of the only field of this name (case does not matter); nil where there is none or
  /// more than one; `occurrences` tells which.
  package func first(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? {
    only(lowercaseName.utf8Start, lowercaseName.utf8CodeUnitCount)
  }

  package func first(_ lowercaseName: String) -> UnsafeRawBufferPointer? {
    var name = lowercaseName
    return name.withUTF8 { bytes in
      guard let start = bytes.baseAddress else { return nil }
      return only(start, bytes.count)
    }
  }

  package func occurrences(_ lowercaseName: String) -> Int {
    (0..<count).count { isNamed($0, lowercaseName) }
  }

  package func isNamed(_ position: Int, _ lowercaseName: String) -> Bool {
    var name = lowercaseName
    return name.withUTF8 { bytes in
      guard let start = bytes.baseAddress else { return false }
      return matches(position, start, bytes.count)
    }
  }

  private func only(_ name: BytePointer, _ length: Int) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    for position in 0..<index.pointee.count where matches(position, name, length) {
      if found != nil { return nil }
      found = self[position].value
    }
    return found
  }

  @inline(__always)
  private func matches(_ position: Int, _ name: BytePointer, _ length: Int) -> Bool {
    let span = index.pointee.fields[position]
    return Int(span.nameLength) == length
      && Byte.equal(base + Int(span.nameStart), name, length)
  }
}
