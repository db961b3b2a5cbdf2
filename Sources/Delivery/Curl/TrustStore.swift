// Which authorities the endpoints' certificates may come from: the system's, and those the operator
// adds. Loaded once and shared by every connection; there is no way to skip the check.
internal import CCurl
internal import COpenSSL

/// Sendable: `hasSystem` is the loop's thread's alone; OpenSSL counts and locks the store itself.
final class TrustStore: @unchecked Sendable {
  private let store: OpaquePointer
  /// The system's authorities are many: they are read when somebody is called.
  private var hasSystem = false

  /// - Parameter authorities: a PEM file, added to the system's authorities.
  init(authorities: String?) throws(CurlFault) {
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let store = X509_STORE_new() else { throw CurlFault("no memory for certificates") }
    self.store = store
    if let authorities, X509_STORE_load_file(store, authorities) != 1 {
      throw CurlFault("\(authorities) holds no certificate that can be read")
    }
    let flags = UInt(X509_V_FLAG_TRUSTED_FIRST) | UInt(X509_V_FLAG_PARTIAL_CHAIN)
    guard X509_STORE_set_flags(store, flags) == 1 else {
      throw CurlFault("certificates cannot be checked as wanted")
    }
  }

  deinit { X509_STORE_free(store) }

  /// Has libcurl trust this store and no other. On the loop's thread. The store must live as long
  /// as the handle's use.
  func install(_ options: inout CurlOptions) {
    if !hasSystem {
      hasSystem = true
      // A system without authorities of its own trusts the operator's alone.
      _ = X509_STORE_set_default_paths(store)
      ERR_clear_error()
    }
    options.set(CURLOPT_CAINFO, nil as String?)
    options.set(CURLOPT_CAPATH, nil as String?)
    options.set(CURLOPT_SSL_VERIFYPEER, 1)
    options.set(CURLOPT_SSL_VERIFYHOST, 2)
    options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    options.set(CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(self).toOpaque())
    options.apply { raw in
      latchkey_curl_set_tls_setup(raw) { _, context, trust in
        guard let context, let trust else { return CURLE_SSL_CERTPROBLEM }
        let store = Unmanaged<TrustStore>.fromOpaque(trust).takeUnretainedValue().store
        SSL_CTX_set1_cert_store(OpaquePointer(context), store)
        return CURLE_OK
      }
    }
  }

  /// OpenSSL's words for why a chain was refused.
  static func words(_ verdict: Int) -> String {
    X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "not valid"
  }
}
