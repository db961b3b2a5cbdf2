// The loopback address, for tests that need a port or a socket there.
import Glibc

package enum Loopback {
  /// A stream that no child process inherits.
  static let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  package static func address(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  /// A listening socket on a port that was free.
  package static func listen() -> (descriptor: Int32, port: UInt16) {
    let (descriptor, port) = bound()
    _ = Glibc.listen(descriptor, 64)
    return (descriptor, port)
  }

  /// A port on which nobody listens and nobody will, as long as this process lives.
  package static func silentPort() -> UInt16 { bound().port }

  private static func bound() -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, kind, 0)
    var address = address(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, size)
        _ = getsockname(descriptor, $0, &size)
      }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// Blocks until somebody connects; nil once the socket is shut down.
  package static func accept(_ listener: Int32) -> Int32? {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  /// A port that nobody holds at this moment.
  package static func freePort() -> UInt16 {
    let (descriptor, port) = listen()
    close(descriptor)
    return port
  }
}
