// A client's TLS connection over a socket that blocks: for the command line, which asks one thing
// and waits. Must not offer a way to skip the check of the certificate.

import COpenSSL
import Glibc

package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
}

/// Used by one thread.
package final class TLSStream {
  private let context: TLSClientContext
  private let session: OpaquePointer

  /// Shakes hands. The socket stays the caller's to close, after this is gone.
  /// - Parameters:
  ///   - host: the name or address that the certificate must be for.
  ///   - authorities: a PEM file of the certificates to trust; nil: the system's.
  /// Throws `TLSError` with what was wrong with the certificate where that was it.
  package init(_ descriptor: Int32, host: String, authorities: String?) throws(TLSError) {
    context = TLSClientContext(authorities: authorities)
    guard let session = context.makeSession(host) else {
      throw TLSError(description: "\(host) is no name for a TLS server")
    }
    self.session = session
    ERR_clear_error()
    guard SSL_set_fd(session, descriptor) == 1, SSL_connect(session) == 1 else {
      throw Self.refusal(session)
    }
  }

  deinit {
    // Tells the server that nothing is missing; its answer is not waited for.
    SSL_shutdown(session)
    SSL_free(session)
  }

  private static func refusal(_ session: OpaquePointer) -> TLSError {
    let verdict = SSL_get_verify_result(session)
    if verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict) {
      return TLSError(description: "its certificate is not trusted: \(String(cString: text))")
    }
    return TLSError(description: "no TLS there: \(TLSReason.take())")
  }

  package func write(_ bytes: [UInt8]) throws(TLSError) {
    var sent = 0
    while sent < bytes.count {
      ERR_clear_error()
      let count = bytes.withUnsafeBytes {
        SSL_write(session, $0.baseAddress?.advanced(by: sent), Int32(clamping: $0.count - sent))
      }
      guard count > 0 else { throw failure(count) }
      sent += Int(count)
    }
  }

  /// Everything up to the server's end of it; `TLSError` where the connection just broke off, or
  /// more than `limit` bytes came.
  package func readToEnd(limit: Int) throws(TLSError) -> [UInt8] {
    var all: [UInt8] = []
    while all.count <= limit {
      let some = try readSome()
      if some.isEmpty { return all }
      all += some
    }
    throw TLSError(description: "the answer is too large")
  }

  /// What has come, waiting for it where that is nothing; empty at the server's end of it.
  package func readSome() throws(TLSError) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    ERR_clear_error()
    let count = SSL_read(session, &chunk, Int32(chunk.count))
    if count > 0 { return Array(chunk[..<Int(count)]) }
    if SSL_get_error(session, count) == SSL_ERROR_ZERO_RETURN { return [] }
    throw failure(count)
  }

  private func failure(_ count: Int32) -> TLSError {
    let reason = errno
    switch SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      return TLSError(description: "no answer in time")
    case SSL_ERROR_SYSCALL where reason == EAGAIN: return TLSError(description: "no answer in time")
    case SSL_ERROR_SYSCALL: return TLSError(description: String(cString: strerror(reason)))
    default: return TLSError(description: TLSReason.take())
    }
  }
}
