// What every TLS connection to an upstream shares: whom to trust. Must not offer a way to skip the
// check of the certificate.

import COpenSSL

final class TLSClientContext {
  private let context: OpaquePointer?

  /// Where `authorities` cannot be read nobody is trusted, and every connection fails.
  init(authorities: String?) {
    ERR_clear_error()
    context = SSL_CTX_new(TLS_client_method())
    guard let context else { return }
    latchkey_ssl_modes(context)
    _ = latchkey_ssl_minimum_tls12(context)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    if let authorities {
      SSL_CTX_load_verify_locations(context, authorities, nil)
    } else {
      SSL_CTX_set_default_verify_paths(context)
    }
    ERR_clear_error()
  }

  deinit { SSL_CTX_free(context) }

  /// A session that accepts a certificate for `host` only.
  func makeSession(_ host: String) -> OpaquePointer? {
    guard let context, let session = SSL_new(context) else { return nil }
    SSL_set_connect_state(session)
    let named: Int32
    if IPAddress(host) != nil {
      named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host)
    } else {
      named = latchkey_ssl_set_server_name(session, host) == 1 ? SSL_set1_host(session, host) : 0
    }
    let protocols: StaticString = "\u{8}http/1.1"
    let offered = SSL_set_alpn_protos(
      session, protocols.utf8Start, UInt32(protocols.utf8CodeUnitCount))
    guard named == 1, offered == 0 else {
      SSL_free(session)
      return nil
    }
    return session
  }
}
