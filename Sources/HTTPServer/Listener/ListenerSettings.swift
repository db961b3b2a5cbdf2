// What a listener is told. Must not open anything: ListenSocket does.

/// Paths of PEM files.
package struct TLSFiles: Sendable, Hashable {
  /// The certificate, followed by the chain.
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

package struct ListenerSettings: Sendable {
  /// `api`, `gateway`, `metrics`: as it stands in the ready line.
  package var name: String
  package var host: String
  /// 0 picks a free port, the same one for every worker. A Unix socket where `unixPath` is set.
  package var port: UInt16
  /// Made with mode 0600 and served by the first worker alone.
  package var unixPath: String?
  package var tls: TLSFiles?

  package init(
    name: String, host: String, port: UInt16, unixPath: String? = nil, tls: TLSFiles? = nil
  ) {
    self.name = name
    self.host = host
    self.port = port
    self.unixPath = unixPath
    self.tls = tls
  }
}

/// Why a listener could not be opened: what, where, and the system's reason.
package struct ListenError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
