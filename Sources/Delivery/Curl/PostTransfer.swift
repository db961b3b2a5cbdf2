// One POST to a customer's endpoint: its options, and the callbacks that guard addresses and gather
// the answer. An answer is hostile input: it is bounded, never decoded, and never followed.
internal import CCurl
internal import Glibc
internal import HTTPServer

/// Sendable: made on one thread, then touched on the loop's thread alone.
final class PostTransfer: CurlTransfer, @unchecked Sendable {
  private let request: OutboundRequest
  private let url: EndpointURL
  private let addresses: AddressGuard
  private let trust: TrustStore
  private let report: @Sendable (Result<OutboundAnswer, OutboundFailure>) -> Void

  private let names: [String]
  private let lines = CurlLines()
  private let resolved = CurlLines()
  private var head: [(name: String, value: String)] = []
  private var headBytes = 0
  private var body: [UInt8] = []
  private(set) var facts = PostFacts()

  static let maximumHead = 64 << 10

  init(
    _ request: OutboundRequest, _ url: EndpointURL, _ names: [String],
    _ addresses: AddressGuard, _ trust: TrustStore,
    _ report: @escaping @Sendable (Result<OutboundAnswer, OutboundFailure>) -> Void
  ) {
    self.request = request
    self.url = url
    self.names = names
    self.addresses = addresses
    self.trust = trust
    self.report = report
  }

  func prepare(_ handle: CurlHandle) -> CURLcode {
    guard var options = CurlOptions(handle), writeHead(), names.allSatisfy(resolved.append) else {
      return CURLE_OUT_OF_MEMORY
    }
    if !names.isEmpty {
      options.set(CURLOPT_RESOLVE, UnsafeMutableRawPointer(resolved.first))
    }
    options.set(CURLOPT_URL, url.text)
    options.set(CURLOPT_PROTOCOLS_STR, "https")
    options.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    switch request.method {
    case .get: options.set(CURLOPT_HTTPGET, true)
    case .post:
      options.set(CURLOPT_POST, true)
      options.setBody(request.body)
    }
    options.set(CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(lines.first))
    options.set(CURLOPT_TIMEOUT_MS, Int(max(1, min(request.timeoutSeconds, 3600))) * 1000)
    options.set(CURLOPT_MAXLIFETIME_CONN, 300)
    options.closeDoors()
    trust.install(&options)
    install(&options)
    return options.code
  }

  private func writeHead() -> Bool {
    let given = Set(request.headers.map { $0.name.lowercased() })
    // Without a value: not sent, though libcurl would of its own.
    for name in ["Accept", "Content-Type", "Expect"] where !given.contains(name.lowercased()) {
      guard lines.append("\(name):") else { return false }
    }
    return request.headers.allSatisfy { name, value in
      lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
    }
  }

  private func install(_ options: inout CurlOptions) {
    let itself = Unmanaged.passUnretained(self).toOpaque()
    for option in [
      CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA,
    ] {
      options.set(option, itself)
    }
    options.apply {
      latchkey_curl_set_writer($0, CURLOPT_WRITEFUNCTION) { bytes, size, count, transfer in
        PostTransfer.from(transfer)?.gather(bytes, size * count) ?? 0
      }
    }
    options.apply {
      latchkey_curl_set_writer($0, CURLOPT_HEADERFUNCTION) { bytes, size, count, transfer in
        PostTransfer.from(transfer)?.gatherHead(bytes, size * count) ?? 0
      }
    }
    options.apply {
      latchkey_curl_set_socket_opener($0) { transfer, _, address in
        guard let address else { return CURL_SOCKET_BAD }
        return PostTransfer.from(transfer)?.open(address) ?? CURL_SOCKET_BAD
      }
    }
    options.apply {
      latchkey_curl_set_before_request($0) { transfer, address, _, port, _ in
        PostTransfer.from(transfer)?.admit(address, port) ?? CURL_PREREQFUNC_ABORT
      }
    }
  }

  private static func from(_ pointer: UnsafeMutableRawPointer?) -> PostTransfer? {
    pointer.map { Unmanaged<PostTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  func finish(_ code: CURLcode?, _ handle: CurlHandle) {
    let latency = handle.microseconds(CURLINFO_TOTAL_TIME_T) / 1000
    if code == CURLE_OK {
      guard facts.hasWholeHead else {
        return report(.failure(facts.cutHead(host: url.host, latency)))
      }
      let status = handle.number(CURLINFO_RESPONSE_CODE)
      return report(
        .success(
          OutboundAnswer(status: status, headers: head, body: body, latencyMilliseconds: latency)))
    }
    facts.verdict = handle.number(CURLINFO_SSL_VERIFYRESULT)
    facts.isConnected = handle.microseconds(CURLINFO_APPCONNECT_TIME_T) > 0
    report(.failure(facts.failure(code, host: url.host, request.timeoutSeconds, latency)))
  }
}

// The callbacks.
extension PostTransfer {
  /// Before each new connection, with the very address that it goes to.
  private func open(_ place: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    guard let (address, port) = SocketPlace.read(place) else { return CURL_SOCKET_BAD }
    if let refusal = addresses.refusal(address, port: port) {
      facts.refusal = refusal
      return CURL_SOCKET_BAD
    }
    facts.opened += 1
    let kind = place.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    return socket(place.pointee.family, kind, place.pointee.protocol)
  }

  /// Before each request, also on a connection that was kept.
  func admit(_ address: UnsafeMutablePointer<CChar>?, _ port: Int32) -> Int32 {
    let text = address.map { String(cString: $0) } ?? ""
    guard let peer = IPAddress(text), let port = UInt16(exactly: port) else {
      facts.refusal = "an unreadable address"
      return CURL_PREREQFUNC_ABORT
    }
    if let refusal = addresses.refusal(peer, port: port) {
      facts.refusal = refusal
      return CURL_PREREQFUNC_ABORT
    }
    // What follows is the request itself: from here on nobody knows whether it arrived.
    facts.mayHaveArrived = true
    return CURL_PREREQFUNC_OK
  }

  private func gather(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard body.count + count <= request.maximumAnswer else {
      facts.isTooLarge = true
      return 0
    }
    body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  /// One line at a time; interim answers come before the final one.
  private func gatherHead(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    headBytes += count
    guard headBytes <= Self.maximumHead else {
      facts.isTooLarge = true
      return 0
    }
    let line = UnsafeRawBufferPointer(start: bytes, count: count)
    if line.starts(with: "HTTP/".utf8) {
      head.removeAll()
      facts.hasWholeHead = false
    } else if line.allSatisfy({ $0 == 0x0d || $0 == 0x0a }) {
      facts.hasWholeHead = true
    } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
      head.append((Self.text(line[..<colon]), Self.text(line[(colon + 1)...])))
    }
    return count
  }

  private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
    let trimmed = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}

extension CurlOptions {
  /// Everything libcurl could do besides this one exchange.
  fileprivate mutating func closeDoors() {
    set(CURLOPT_FOLLOWLOCATION, false)
    set(CURLOPT_PROXY, "")
    set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    set(CURLOPT_HTTPAUTH, 0)
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
    set(CURLOPT_PATH_AS_IS, true)
    set(CURLOPT_HTTP09_ALLOWED, false)
    set(CURLOPT_NOSIGNAL, true)
    set(CURLOPT_NOPROGRESS, true)
    // A resolver that hangs must not hold up the thread when its transfer has timed out.
    set(CURLOPT_QUICK_EXIT, true)
  }
}

/// The address of a connection that libcurl is about to make.
enum SocketPlace {
  static func read(
    _ place: UnsafeMutablePointer<curl_sockaddr>
  ) -> (address: IPAddress, port: UInt16)? {
    withUnsafeBytes(of: &place.pointee.addr) { _ in
      let start = UnsafeRawPointer(place) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
      switch place.pointee.family {
      case AF_INET:
        let address = start.loadUnaligned(as: sockaddr_in.self)
        return (
          IPAddress(ipv4: UInt32(bigEndian: address.sin_addr.s_addr)),
          UInt16(bigEndian: address.sin_port)
        )
      case AF_INET6:
        let address = start.loadUnaligned(as: sockaddr_in6.self)
        return withUnsafeBytes(of: address.sin6_addr) { bytes in
          let high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
          let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
          return (IPAddress(high: high, low: low), UInt16(bigEndian: address.sin6_port))
        }
      default: return nil
      }
    }
  }
}
