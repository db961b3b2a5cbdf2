// Opens listening sockets. Must not leave anything open when it throws.

import CEvent
import Glibc

enum ListenSocket {
  /// A deep queue: a burst of connections waits instead of being dropped.
  private static let backlog: Int32 = 4096

  /// One socket per worker on the same port, among which the kernel spreads connections.
  static func open(
    _ settings: ListenerSettings, count: Int
  ) throws(ListenError) -> (descriptors: [Int32], port: UInt16) {
    if let path = settings.unixPath { return ([try openUnix(path, settings.name)], 0) }
    let place = "\(settings.name) on \(settings.host):\(settings.port)"
    guard let address = resolve(settings.host) else {
      throw ListenError("cannot listen for \(place): not an address or a known name")
    }
    var port = settings.port
    if port != 0 {
      // A shared port may be joined by anyone of the same user; a plain one shows who is there.
      close(try bound(SocketAddress(address, port: port), shared: false, place))
    }
    var descriptors: [Int32] = []
    do throws(ListenError) {
      for _ in 0..<count {
        let target = SocketAddress(address, port: port)
        descriptors.append(try bound(target, shared: true, place))
        if port == 0 { port = boundPort(descriptors[0]) }
      }
      for descriptor in descriptors where listen(descriptor, backlog) != 0 {
        throw ListenError("cannot listen for \(place): \(lastSystemError())")
      }
    } catch {
      for descriptor in descriptors { close(descriptor) }
      throw error
    }
    return (descriptors, port)
  }

  private static func bound(
    _ address: SocketAddress, shared: Bool, _ place: String
  ) throws(ListenError) -> Int32 {
    let family = Int32(address.storage.ss_family)
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else {
      throw ListenError("cannot listen for \(place): \(lastSystemError())")
    }
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
    if shared { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, size) }
    guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
      let reason = lastSystemError()
      close(descriptor)
      throw ListenError("cannot listen for \(place): \(reason)")
    }
    return descriptor
  }

  private static func openUnix(_ path: String, _ name: String) throws(ListenError) -> Int32 {
    guard let address = SocketAddress(unixPath: path) else {
      throw ListenError("cannot listen for \(name) on \(path): the path is too long")
    }
    let place = "\(name) on \(path)"
    if let other = connected(address) {
      close(other)
      throw ListenError("cannot listen for \(place): another server is there")
    }
    unlink(path)
    // The mode must hold from the socket's first moment.
    let mask = umask(0o177)
    defer { umask(mask) }
    let descriptor = try bound(address, shared: false, place)
    guard listen(descriptor, backlog) == 0 else {
      let reason = lastSystemError()
      close(descriptor)
      throw ListenError("cannot listen for \(place): \(reason)")
    }
    return descriptor
  }

  private static func connected(_ address: SocketAddress) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    if address.withPointer({ connect(descriptor, $0, $1) }) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private static func boundPort(_ descriptor: Int32) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    return SocketAddress.port(storage)
  }

  private static func resolve(_ host: String) -> IPAddress? {
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    return IPAddress(bare) ?? Names.lookUp(bare).first
  }
}
