// Between our addresses and the system's sockaddr. The only file that knows its layout.

import CEvent
import Glibc

struct SocketAddress {
  var storage = sockaddr_storage()
  var length = socklen_t(0)

  init(_ address: IPAddress, port: UInt16) {
    if address.isIPv4 {
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      v4.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
      fill(v4)
    } else {
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &v6.sin6_addr) {
        $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
        $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      fill(v6)
    }
  }

  /// Nil where the path is too long for a Unix socket.
  init?(unixPath path: String) {
    var unix = sockaddr_un()
    unix.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &unix.sun_path) { room in
      guard path.utf8.count < room.count else { return false }
      room.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { return nil }
    fill(unix)
  }

  private mutating func fill<T>(_ value: T) {
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: T.self) }
    length = socklen_t(MemoryLayout<T>.size)
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  /// The address in `storage`; ::1 for a Unix socket.
  static func address(_ storage: sockaddr_storage) -> IPAddress {
    withUnsafeBytes(of: storage) { bytes in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let v4 = bytes.load(as: sockaddr_in.self)
        return IPAddress(ipv4: UInt32(bigEndian: v4.sin_addr.s_addr))
      case AF_INET6:
        // struct sockaddr_in6: family, port, flow, then the 16 bytes.
        let high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        return IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
      default: return IPAddress(high: 0, low: 1)
      }
    }
  }

  static func port(_ storage: sockaddr_storage) -> UInt16 {
    withUnsafeBytes(of: storage) {
      UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
  }
}
