// The view of a request head that handlers get. Must not decode: percent-encoding is as sent.

/// Valid until the exchange ends; every member is empty after that.
@usableFromInline package struct RequestHead {
  let base: BytePointer
  let index: UnsafePointer<HeadIndex>
  @usableFromInline package let isTLS: Bool

  @usableFromInline package var method: UnsafeRawBufferPointer { index.pointee.method.bytes(base) }
  /// Origin form: path and query as sent. An absolute form is cut to that; `*` is for OPTIONS only.
  @usableFromInline package var target: UnsafeRawBufferPointer { index.pointee.target.bytes(base) }
  /// Up to the question mark, percent-encoding untouched.
  @usableFromInline package var path: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: target[..<Int(index.pointee.pathLength)])
  }
  /// After the question mark; nil where there is none.
  @usableFromInline package var query: UnsafeRawBufferPointer? {
    let target = target
    let start = Int(index.pointee.pathLength) + 1
    return start <= target.count ? UnsafeRawBufferPointer(rebasing: target[start...]) : nil
  }
  /// Host without its port, as sent; empty where an HTTP/1.0 client sent none.
  @usableFromInline package var host: UnsafeRawBufferPointer { index.pointee.host.bytes(base) }
  /// Host with its port, as sent.
  @usableFromInline
  package var authority: UnsafeRawBufferPointer { index.pointee.authority.bytes(base) }
  @usableFromInline package var headers: HeaderList { HeaderList(base: base, index: index) }
  @usableFromInline package var isHTTP11: Bool { index.pointee.flags.contains(.http11) }
  @usableFromInline package var isHEAD: Bool { index.pointee.flags.contains(.headMethod) }
  /// Nil where the body is chunked; 0 where there is none.
  @usableFromInline package var contentLength: Int? {
    if index.pointee.flags.contains(.chunked) { return nil }
    return max(index.pointee.contentLength, 0)
  }
}
