// The files that settings name, loaded by the code with which `serve` loads them: for `serve`
// itself before it opens anything, and for the commands that check. Nothing is served from here.
internal import HTTPServer
internal import KeyModel

extension ServeSettings {
  /// When the certificate is valid; nil without TLS. Throws where it or its key cannot be used.
  func checkTLS() throws(ToolError) -> TLSValidity? {
    guard let tls else { return nil }
    do { return try tls.check() } catch { throw ToolError(.config, error.description) }
  }

  /// What clients will object to in the certificate; nil: nothing.
  func complaint(about validity: TLSValidity, at now: Timestamp) -> String? {
    let path = tls?.certificate ?? ""
    if validity.until < now.seconds {
      return "TLS certificate \(path) expired at \(Self.text(validity.until)): renew it"
    }
    if validity.from > now.seconds {
      return "TLS certificate \(path) is not valid before \(Self.text(validity.from))"
    }
    return nil
  }

  /// Throws where the authorities for deliveries cannot be read.
  func checkAuthorities() throws(ToolError) { _ = try Outbound.transport(outbound) }

  /// All of the above, for who wants one answer.
  func checkFiles(at now: Timestamp) throws(ToolError) {
    if let validity = try checkTLS(), let complaint = complaint(about: validity, at: now) {
      throw ToolError(.config, complaint)
    }
    try checkAuthorities()
  }

  static func text(_ seconds: Int64) -> String { RFC3339.format(Timestamp(seconds: seconds)) }
}
