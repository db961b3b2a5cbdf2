// The view of an upstream's answer that a gateway gets. Must not be kept past the call's end.

/// Valid until the call ends.
package struct UpstreamResponseHead {
  let base: BytePointer
  let index: UnsafePointer<HeadIndex>
  package let framing: Framing

  package var status: Int { index.pointee.status }
  package var headers: HeaderList { HeaderList(base: base, index: index) }
}
