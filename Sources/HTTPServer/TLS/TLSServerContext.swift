// What every TLS connection of one listener shares: certificate, key, protocol choice. Must not let
// key material into an error.

import COpenSSL
import Glibc

/// Seconds since 1970, both included.
package struct TLSValidity: Sendable, Hashable {
  package var from: Int64
  package var until: Int64
}

extension TLSFiles {
  /// Loads both as a listener would, and gives when clients take the certificate.
  package func check() throws(ListenError) -> TLSValidity {
    let context = try TLSServerContext(self, listener: "a check")
    guard let validity = context.validity else {
      throw ListenError("TLS certificate \(certificate): its times cannot be read")
    }
    return validity
  }
}

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
    if let fault = Self.use(files, context) {
      throw ListenError("TLS key \(files.key) \(fault)")
    }
    SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
  }

  deinit { SSL_CTX_free(context) }

  /// Takes the key; gives what is wrong with it. Nobody is asked for a pass phrase: a server has
  /// nobody at its terminal, and a check must not wait for one.
  private static func use(_ files: TLSFiles, _ context: OpaquePointer) -> String? {
    var isAsked = false
    let isTaken = withUnsafeMutablePointer(to: &isAsked) { asked in
      SSL_CTX_set_default_passwd_cb(context) { _, _, _, asked in
        asked?.assumingMemoryBound(to: Bool.self).pointee = true
        return -1
      }
      SSL_CTX_set_default_passwd_cb_userdata(context, asked)
      defer { SSL_CTX_set_default_passwd_cb_userdata(context, nil) }
      return SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1
    }
    // Of a key that could be read only the comparison with the certificate can fail.
    let isStranger = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509
    if isTaken, SSL_CTX_check_private_key(context) == 1 { return nil }
    let reason = TLSReason.take()
    if isAsked {
      return "is encrypted: give it without a pass phrase (openssl pkey -in FILE -out NEW)"
    }
    return isTaken || isStranger
      ? "does not belong to the certificate \(files.certificate)" : "cannot be used: \(reason)"
  }

  /// Nil where the certificate has no times that can be read.
  var validity: TLSValidity? {
    guard let certificate = SSL_CTX_get0_certificate(context) else { return nil }
    var (first, last) = (tm(), tm())
    guard ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &first) == 1,
      ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &last) == 1
    else { return nil }
    return TLSValidity(from: Int64(timegm(&first)), until: Int64(timegm(&last)))
  }

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
