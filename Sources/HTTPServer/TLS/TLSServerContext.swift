// What every TLS connection of one listener shares: certificate, key, protocol choice. Must not let
// key material into an error.

import COpenSSL

// Unchecked: OpenSSL counts references to a context atomically, and nothing changes it after init.
final class TLSServerContext: @unchecked Sendable {
  private let context: OpaquePointer

  init(_ files: TLSFiles, listener: String) throws(ListenError) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_server_method()) else {
      throw ListenError("TLS for \(listener): \(TLSReason.take())")
    }
    self.context = context
    latchkey_ssl_modes(context)
    guard latchkey_ssl_minimum_tls12(context) == 1,
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
    else { throw ListenError("TLS for \(listener): \(TLSReason.take())") }
    latchkey_ssl_server_options(context)
    guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
      throw ListenError("TLS certificate \(files.certificate): \(TLSReason.take())")
    }
    guard SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else { throw ListenError("TLS key \(files.key): \(TLSReason.take())") }
    SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
  }

  deinit { SSL_CTX_free(context) }

  func makeSession() -> OpaquePointer? {
    guard let session = SSL_new(context) else { return nil }
    SSL_set_accept_state(session)
    return session
  }
}

/// HTTP/1.1 is all we speak; a client that offers other things only is refused in the handshake.
private func chooseProtocol(
  _: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ length: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ count: UInt32,
  _: UnsafeMutableRawPointer?
) -> Int32 {
  guard let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  var index = 0
  while index < Int(count) {
    let size = Int(offered[index])
    guard index + 1 + size <= Int(count) else { break }
    if Byte.equal(offered + index + 1, size, "http/1.1") {
      chosen?.pointee = offered + index + 1
      length?.pointee = UInt8(size)
      return SSL_TLSEXT_ERR_OK
    }
    index += 1 + size
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// OpenSSL's words for what just failed.
enum TLSReason {
  static func take() -> String {
    var reason = "unknown reason"
    // The deepest cause was queued first; a file that cannot be opened shows the system's word.
    let code = ERR_get_error()
    if code != 0 {
      var text = [CChar](repeating: 0, count: 256)
      ERR_error_string_n(code, &text, text.count)
      let full = String(
        decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      reason = full.split(separator: ":").last.map(String.init) ?? full
    }
    ERR_clear_error()
    return reason
  }
}
