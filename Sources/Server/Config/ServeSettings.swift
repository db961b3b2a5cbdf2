// The settings of a server as typed values, checked against each other.
internal import Crypto
package import Delivery
package import HTTPServer
package import Storage

package struct ServeSettings: Sendable {
  package var folder: DataFolder
  package var store: StoreLocation
  package var masterKeyPath: String
  package var listen: HostPort
  package var gatewayListen: HostPort
  package var metricsListen: HostPort?
  package var node: String
  package var workers: Int
  package var tls: TLSFiles?
  package var trustedProxies: [CIDR]
  package var drainDelay: Int
  package var drainSeconds: Int
  package var upstreamTimeoutSeconds: Int
  package var publicURL: String?
  package var outbound: OutboundSettings

  /// - Parameter anyFolder: for a check of the other settings alone.
  init(_ config: Config, anyFolder: Bool = false) throws(ToolError) {
    folder = DataFolder(anyFolder ? config.text(.data) ?? "." : try config.require(.data))
    store = Self.store(config, folder)
    masterKeyPath = config.text(.masterKeyFile) ?? folder.masterKey
    listen = try Self.address(config, .listen)
    gatewayListen = try Self.address(config, .gatewayListen)
    metricsListen = config.address(.metricsListen)
    node = try config.require(.node)
    workers = config.number(.workers)
    tls = try Self.tls(config)
    trustedProxies = config.texts(.trustedProxy).compactMap { CIDR($0) }
    drainDelay = config.number(.drainDelay)
    drainSeconds = config.number(.drainSeconds)
    upstreamTimeoutSeconds = config.number(.upstreamTimeout)
    publicURL = config.text(.publicURL)
    outbound = try OutboundSettings(config)
    try checkPlaces()
  }

  /// Port 0 is another one each time.
  private func checkPlaces() throws(ToolError) {
    let places: [(Setting, HostPort?)] = [
      (.listen, listen), (.gatewayListen, gatewayListen), (.metricsListen, metricsListen),
    ]
    for (at, (setting, place)) in places.enumerated() {
      guard let place, place.port != 0 else { continue }
      for (other, taken) in places[..<at] where taken == place {
        throw ToolError(
          .config, "\(setting.name) and \(other.name) are both \(place): give each its own")
      }
    }
  }

  static func store(_ config: Config, _ folder: DataFolder) -> StoreLocation {
    config.text(.database).map { .postgres(url: $0) } ?? .sqliteFile(path: folder.database)
  }

  /// For commands that work on the store themselves.
  static func openStore(_ config: Config, _ folder: DataFolder) throws -> Store {
    let location = store(config, folder)
    try checkIsThere(location)
    return try Store.open(location)
  }

  /// Opening would make an empty store where there is none: that is for `init` and `restore` alone.
  static func checkIsThere(_ location: StoreLocation) throws(ToolError) {
    guard case .sqliteFile(let path) = location, !Files.exists(path) else { return }
    throw ToolError(
      .config, "\(path) is missing: restore a backup, or begin anew with latchkey init")
  }

  private static func address(
    _ config: Config, _ setting: Setting
  ) throws(ToolError) -> HostPort {
    guard let place = HostPort(try config.require(setting)) else {
      throw ToolError(.config, "\(setting.name): want HOST:PORT")
    }
    return place
  }

  private static func tls(_ config: Config) throws(ToolError) -> TLSFiles? {
    switch (config.text(.tlsCertificate), config.text(.tlsKey)) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
    default:
      throw ToolError(.config, "tls-certificate and tls-key belong together: give both or neither")
    }
  }
}

package struct OutboundSettings: Sendable {
  package var allow: [CIDR] = []
  /// A PEM file of authorities trusted besides the system's.
  package var authorities: String?
  /// As they were written.
  package var outgoingAddresses: [String] = []
  /// Nil: no scanner's reports are believed.
  package var leakKeysURL: String?
  /// Nil: mails are kept and not sent.
  package var mail: MailServer?

  /// For a local command, which calls nobody.
  init() {}

  init(_ config: Config) throws(ToolError) {
    allow = config.texts(.outboundAllow).compactMap { CIDR($0) }
    authorities = config.text(.outboundCA)
    outgoingAddresses = config.texts(.outgoingAddress)
    leakKeysURL = config.text(.leakKeysURL)
    mail = try Self.mail(config)
  }

  private static func mail(_ config: Config) throws(ToolError) -> MailServer? {
    guard let url = config.text(.smtpURL) else { return nil }
    let sender = try config.require(.mailFrom)
    let user = config.text(.smtpUser)
    let password = config.text(.smtpPassword).map { Secret($0) }
    guard (user == nil) == (password == nil) else {
      throw ToolError(.config, "smtp-user and smtp-password belong together: give both or neither")
    }
    let authority = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
      .prefix { $0 != "/" && $0 != "?" }
    let place = String(authority.split(separator: "@").last ?? "")
    let isLoopback = (HostPort(place) ?? HostPort(place + ":25"))?.isLoopback ?? false
    return MailServer(
      url: url, user: user, password: password, sender: sender.lowercased(),
      isLoopback: isLoopback)
  }
}
