// HTTPS endpoints for the tests: a certificate made on the spot and the receiver that uses it. Each
// is ended by its process id.
import Foundation

struct Failed: Error { var text: String }

/// A folder with a self-signed certificate, removed with the value.
final class Certificate: Sendable {
  let folder: String
  var file: String { folder + "/tls.crt" }
  var key: String { folder + "/tls.key" }

  init(names: String = "DNS:localhost,DNS:mixed.test,DNS:rebind.test,IP:127.0.0.1") throws {
    var template = Array("/tmp/latchkey-outbound-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failed(text: "mkdtemp: errno \(errno)") }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=receiver", "-addext", "subjectAltName=\(names)",
      "-keyout", key, "-out", file,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failed(text: "openssl failed") }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}

/// `receiver.py`, running.
final class Receiver: Sendable {
  let port: Int
  private let script: Script

  init(_ certificate: Certificate, address: String = "127.0.0.1") throws {
    script = try Script("receiver.py", [certificate.file, certificate.key, address])
    guard let number = Int(script.first) else { throw Failed(text: "no receiver") }
    port = number
  }

  /// What it was asked, in order.
  var requests: [String] { script.lines.dropFirst().filter { $0 != "+" } }
  /// How many TLS connections were made to it.
  var connections: Int { script.lines.count { $0 == "+" } }
}

/// Counts who connects to a port, and answers nothing.
final class Sinkhole: @unchecked Sendable {
  // Sendable: the lock guards the count, everything else is not changed.
  let port: UInt16
  private let listeners: [Int32]
  private let lock = NSLock()
  private var found = 0

  /// On `127.0.0.1` and `::1`, the same port; 0: any.
  init(port wanted: UInt16 = 0) throws {
    var (first, second) = Self.pair(wanted)
    // A port that is free on one address may be taken on the other.
    for _ in 0..<50 where wanted == 0 && second.descriptor < 0 {
      close(first.descriptor)
      (first, second) = Self.pair(wanted)
    }
    guard first.descriptor >= 0, second.descriptor >= 0 else { throw Failed(text: "no sinkhole") }
    port = first.port
    listeners = [first.descriptor, second.descriptor]
    for listener in listeners {
      Thread.detachNewThread { [weak self] in
        while true {
          let peer = accept(listener, nil, nil)
          guard peer >= 0 else { return }
          close(peer)
          self?.count()
        }
      }
    }
  }

  deinit {
    for listener in listeners {
      shutdown(listener, Int32(SHUT_RDWR))
      close(listener)
    }
  }

  var connections: Int { lock.withLock { found } }
  private func count() { lock.withLock { found += 1 } }

  private typealias Listener = (descriptor: Int32, port: UInt16)

  private static func pair(_ wanted: UInt16) -> (Listener, Listener) {
    let first = listen(AF_INET, wanted)
    return (first, listen(AF_INET6, first.port))
  }

  private static func listen(_ family: Int32, _ port: UInt16) -> Listener {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    address.sin6_port = port.bigEndian
    address.sin6_family = sa_family_t(family)
    if family == AF_INET6 {
      address.sin6_addr = in6addr_loopback
    } else {
      // The IPv4 address stands where IPv6 has its flow.
      address.sin6_flowinfo = UInt32(0x7f00_0001).bigEndian
      size = socklen_t(MemoryLayout<sockaddr_in>.size)
    }
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 256) == 0
          && getsockname(descriptor, $0, &size) == 0
      }
    }
    return (bound ? descriptor : -1, UInt16(bigEndian: address.sin6_port))
  }
}
