// Looking for one byte in the fields of a call.
import Glibc

extension UnsafeRawBufferPointer {
  /// The first place of the byte; nil where it is not there.
  @inline(__always)
  func place(of byte: UInt8) -> Int? {
    guard let base = baseAddress, let found = memchr(base, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
