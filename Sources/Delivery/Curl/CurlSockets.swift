// The sockets of connections that libcurl ends with words, as SMTP's: it waits for the answer to
// them on the loop's one thread, and what it says in the middle of a mail ends that mail early. Who
// must not wait shuts the sockets first. Knows nothing of what travels over them.
internal import CCurl
internal import Glibc

/// Owned by a loop and touched on its thread only. Sendable for that reason.
final class CurlSockets: @unchecked Sendable {
  private var open: Set<curl_socket_t> = []

  /// For a transfer whose connections are to be here. This object outlives the connections.
  func install(_ options: inout CurlOptions) {
    let itself = Unmanaged.passUnretained(self).toOpaque()
    options.set(CURLOPT_OPENSOCKETDATA, itself)
    options.set(CURLOPT_CLOSESOCKETDATA, itself)
    options.apply {
      latchkey_curl_set_socket_opener($0) { sockets, _, address in
        guard let sockets, let address else { return CURL_SOCKET_BAD }
        return Unmanaged<CurlSockets>.fromOpaque(sockets).takeUnretainedValue()
          .make(address.pointee)
      }
    }
    options.apply {
      latchkey_curl_set_socket_closer($0) { sockets, descriptor in
        guard let sockets else { return close(descriptor) }
        return Unmanaged<CurlSockets>.fromOpaque(sockets).takeUnretainedValue().end(descriptor)
      }
    }
  }

  /// Neither side hears from the other any more.
  func cut() { for descriptor in open { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }

  /// What is said now is said without an answer.
  func hearNothing() { for descriptor in open { _ = shutdown(descriptor, Int32(SHUT_RD)) } }

  private func make(_ place: curl_sockaddr) -> curl_socket_t {
    let kind = place.socktype | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(place.family, kind, place.protocol)
    if descriptor >= 0 { open.insert(descriptor) }
    return descriptor
  }

  private func end(_ descriptor: curl_socket_t) -> Int32 {
    open.remove(descriptor)
    return close(descriptor)
  }
}
