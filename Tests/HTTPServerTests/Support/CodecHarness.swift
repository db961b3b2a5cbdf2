// Runs the codec over a message that arrives in given pieces, each time from fresh memory of just
// the size that has arrived, so that reading past the end shows. Also compiled into the fuzzer.

#if canImport(HTTPServer)
  @testable import HTTPServer
#endif

enum CodecHarness {
  enum Outcome: Equatable {
    case accepted(target: String, body: [UInt8], rest: Int)
    case refused(Int)
    case incompleteHead, incompleteBody
  }

  /// `cuts` are the offsets at which the message is cut, in order.
  static func request(
    _ bytes: [UInt8], cuts: [Int] = [], limits: Limits = Limits()
  ) -> Outcome {
    withIndex(limits.headerCount) { index in
      let reader = RequestReader(limits)
      for end in cuts + [bytes.count] {
        let progress = onCopy(bytes, 0, end) { reader.read($0, $1, index) }
        switch progress {
        case .incomplete: continue
        case .refused(let refusal): return .refused(refusal.status)
        case .complete: return body(bytes, index.pointee, cuts.filter { $0 > end })
        }
      }
      return .incompleteHead
    }
  }

  static func response(_ bytes: [UInt8], cuts: [Int] = []) -> Outcome {
    withIndex(100) { index in
      for end in cuts + [bytes.count] {
        let progress = onCopy(bytes, 0, end) { ResponseReader().read($0, $1, index) }
        switch progress {
        case .incomplete: continue
        case .malformed: return .refused(502)
        case .complete:
          let decoder = ResponseReader.decoder(index.pointee, toHEAD: false)
          return decode(
            bytes, index.pointee.cursor, decoder, "\(index.pointee.status)",
            cuts.filter { $0 > end })
        }
      }
      return .incompleteHead
    }
  }

  private static func withIndex(
    _ fields: Int, _ work: (UnsafeMutablePointer<HeadIndex>) -> Outcome
  ) -> Outcome {
    let index = UnsafeMutablePointer<HeadIndex>.allocate(capacity: 1)
    index.initialize(to: HeadIndex(capacity: fields))
    defer {
      index.pointee.fields.deallocate()
      index.deallocate()
    }
    return work(index)
  }

  private static func body(_ bytes: [UInt8], _ head: HeadIndex, _ cuts: [Int]) -> Outcome {
    let target = onCopy(bytes, 0, head.cursor) { base, _ in
      String(decoding: head.target.bytes(base), as: UTF8.self)
    }
    let decoder: BodyDecoder =
      head.flags.contains(.chunked) ? .chunked : .length(max(head.contentLength, 0))
    return decode(bytes, head.cursor, decoder, target, cuts)
  }

  private static func decode(
    _ bytes: [UInt8], _ start: Int, _ first: BodyDecoder, _ target: String, _ cuts: [Int]
  ) -> Outcome {
    var decoder = first
    var position = start
    var body: [UInt8] = []
    for end in cuts.filter({ $0 > start }) + [bytes.count] {
      let step = onCopy(bytes, position, end) { base, count in
        var cursor = 0
        while true {
          let step = decoder.decode(base, &cursor, count)
          guard case .data(let from, let size) = step else {
            position += cursor
            return step
          }
          body.append(contentsOf: UnsafeBufferPointer(start: base + from, count: size))
        }
      }
      if step == .malformed { return .refused(400) }
      if step == .ended {
        return .accepted(target: target, body: body, rest: bytes.count - position)
      }
    }
    if decoder.endsWithConnection { return .accepted(target: target, body: body, rest: 0) }
    return .incompleteBody
  }

  private static func onCopy<Result>(
    _ bytes: [UInt8], _ start: Int, _ end: Int, _ work: (BytePointer, Int) -> Result
  ) -> Result {
    let count = max(end - start, 0)
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
    defer { copy.deallocate() }
    for offset in 0..<count { copy[offset] = bytes[start + offset] }
    return work(UnsafePointer(copy), count)
  }
}
