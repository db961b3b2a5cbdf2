// Blocking client sockets for the command line and `doctor`. The server's own sockets are the HTTP
// engine's.
internal import Glibc

enum Sockets {
  /// Nil with errno set.
  static func connect(unix path: String) -> Int32? {
    withSocket(unix: path) { Glibc.connect($0, $1, $2) }
  }

  /// For one who comes, whoever may enter the folder. -1 with errno set.
  static func listen(unix path: String) -> Int32 {
    // Every other file is made with a mode of its own.
    let mask = umask(0)
    defer { umask(mask) }
    let listener = withSocket(unix: path) { descriptor, address, size in
      let code = bind(descriptor, address, size)
      return code == 0 ? Glibc.listen(descriptor, 1) : code
    }
    return listener ?? -1
  }

  private static func withSocket(
    unix path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      errno = ENAMETOOLONG
      return nil
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return keep(descriptor, code)
  }

  /// Nil with errno set; every address of the name is tried.
  static func connect(_ place: HostPort) -> Int32? {
    forEachAddress(place, passive: false) { info in
      let descriptor = socket(info.ai_family, info.ai_socktype | O_CLOEXEC, info.ai_protocol)
      guard descriptor >= 0 else { return nil }
      return keep(descriptor, Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen))
    }
  }

  /// Whether a listener could be bound there now; errno says why not.
  static func canListen(_ place: HostPort) -> Bool {
    let bound = forEachAddress(place, passive: true) { info in
      let descriptor = socket(info.ai_family, info.ai_socktype | O_CLOEXEC, info.ai_protocol)
      guard descriptor >= 0 else { return nil }
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      return keep(descriptor, bind(descriptor, info.ai_addr, info.ai_addrlen))
    }
    if let bound { close(bound) }
    return bound != nil
  }

  /// Why `connect` gave nothing, from errno right after it.
  static func refusal(of place: HostPort) -> String {
    // Of a client's socket the system says this about no address of the machine's own.
    errno == EADDRNOTAVAIL ? "\(place.host) has no address" : Files.text(of: errno)
  }

  static func withTimeout(_ descriptor: Int32, seconds: Int) -> Int32 {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    return descriptor
  }

  private static func keep(_ descriptor: Int32, _ code: Int32) -> Int32? {
    if code == 0 { return descriptor }
    let reason = errno
    close(descriptor)
    errno = reason
    return nil
  }

  private static func forEachAddress(
    _ place: HostPort, passive: Bool, _ body: (addrinfo) -> Int32?
  ) -> Int32? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = passive ? AI_PASSIVE : 0
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(place.host, String(place.port), &hints, &list) == 0 else {
      errno = EADDRNOTAVAIL
      return nil
    }
    defer { freeaddrinfo(list) }
    var at = list
    while let info = at?.pointee {
      if let descriptor = body(info) { return descriptor }
      at = info.ai_next
    }
    return nil
  }
}
