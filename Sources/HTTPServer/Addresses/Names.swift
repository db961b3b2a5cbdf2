// Names to addresses by the system's resolver. Blocks: must not be called on a worker's thread.

import CEvent
import Glibc

enum Names {
  static func lookUp(_ name: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var entry = list
    while let current = entry {
      if let address = current.pointee.ai_addr {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
          $0.copyMemory(
            from: UnsafeRawBufferPointer(start: address, count: Int(current.pointee.ai_addrlen)))
        }
        found.append(SocketAddress.address(storage))
      }
      entry = current.pointee.ai_next
    }
    return found
  }
}
