// A thread that runs one closure and can be waited for.
import Glibc

/// `handle` is written before the value is shared and read by `join` alone, which its owner calls
/// once.
final class StoreThread: @unchecked Sendable {
  private var handle = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) throws(StoreError) {
    let start = Unmanaged.passRetained(Start(body))
    let code = pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw .unavailable("cannot start a thread: \(String(cString: strerror(code)))")
    }
  }

  func join() { pthread_join(handle, nil) }

  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
