// Takes a body off the unread bytes, piece by piece, without copying. Must not wait for more.

extension InputBuffer {
  enum Piece {
    /// Valid until the buffer is used again.
    case bytes(UnsafeRawBufferPointer)
    case more, ended, malformed
  }

  mutating func next(_ decoder: inout BodyDecoder) -> Piece {
    let fromBlock = start < end
    guard let base = fromBlock ? block : body else { return .more }
    var cursor = fromBlock ? start : bodyStart
    let step = decoder.decode(UnsafePointer(base), &cursor, fromBlock ? end : bodyEnd)
    if fromBlock { start = cursor } else { bodyStart = cursor }
    switch step {
    case .data(let start, let count):
      return .bytes(UnsafeRawBufferPointer(start: base + start, count: count))
    case .more: return .more
    case .ended: return .ended
    case .malformed: return .malformed
    }
  }
}
