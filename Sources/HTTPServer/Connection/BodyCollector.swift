// Gathers a request body in one array. Must not grow past its limit.

final class BodyCollector: BodyReceiver {
  private let limit: Int
  private var bytes: [UInt8] = []
  private var done: ((Result<[UInt8], BodyError>) -> Void)?

  init(
    limit: Int, expecting count: Int, _ done: @escaping (Result<[UInt8], BodyError>) -> Void
  ) {
    self.limit = limit
    self.done = done
    // A stated length is only a promise: memory follows the bytes that come.
    bytes.reserveCapacity(min(count, 64 * 1024))
  }

  func bodyReceived(_ piece: UnsafeRawBufferPointer) {
    guard done != nil else { return }
    guard bytes.count + piece.count <= limit else {
      bytes = []
      return conclude(.failure(.tooLarge))
    }
    bytes.append(contentsOf: piece)
  }

  func bodyEnded() { conclude(.success(bytes)) }
  func bodyFailed(_ error: BodyError) { conclude(.failure(error)) }

  private func conclude(_ result: Result<[UInt8], BodyError>) {
    let done = done
    self.done = nil
    done?(result)
  }
}
