// How a version was presented: where from, by what, for which route. Borrowed bytes; nothing of
// the credential.

@usableFromInline package struct Presentation {
  /// 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; all zero where it is not known.
  @usableFromInline package var addressHigh: UInt64
  @usableFromInline package var addressLow: UInt64
  /// Empty where there was none.
  @usableFromInline package var userAgent: UnsafeRawBufferPointer
  @usableFromInline package var method: UnsafeRawBufferPointer
  /// Without its query; empty where it is not known.
  @usableFromInline package var path: UnsafeRawBufferPointer

  @usableFromInline package init(
    addressHigh: UInt64, addressLow: UInt64, userAgent: UnsafeRawBufferPointer,
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer
  ) {
    self.addressHigh = addressHigh
    self.addressLow = addressLow
    self.userAgent = userAgent
    self.method = method
    self.path = path
  }
}
