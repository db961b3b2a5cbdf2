// A thread that runs one closure and can be waited for.
internal import CSystem
import Glibc

/// `handle` is written before the value is shared and read by `join` alone, which its owner calls
/// once. Who never joins it leaks the thread.
final class StoreThread: @unchecked Sendable {
  private var handle = pthread_t()

  /// - Parameter name: what the system shows it as; at most 15 bytes.
  init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(StoreError) {
    let start = Unmanaged.passRetained(Start(name, body))
    let code = pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        latchkey_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw .unavailable("cannot start a thread: \(String(cString: strerror(code)))")
    }
  }

  /// Waits for its end. On the thread itself, where a body that has just run may be the last to let
  /// go of a store, it lets the thread end without anybody waiting.
  /// False then.
  @discardableResult
  func join() -> Bool {
    if pthread_equal(pthread_self(), handle) != 0 {
      pthread_detach(handle)
      return false
    }
    pthread_join(handle, nil)
    return true
  }

  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
