// Every setting of the server, once: its name gives the flag, the variable, the member in the
// config file and the credential. Help, `config print` and `config check` are made from this table.
internal import KeyModel

/// What a value of a setting must look like, with the sentence that says so.
enum SettingForm: Sendable {
  case text
  case path
  case address
  case seconds
  case count(ClosedRange<Int>)
  case url(schemes: [String], credentials: Bool = false)
  case network
  case mailAddress

  /// What is wanted, where `value` is not that; nil where it is.
  func complaint(about value: String) -> String? {
    switch self {
    case .text, .path: value.isEmpty || value.utf8.contains(0) ? "a text" : nil
    case .address: HostPort(value) == nil ? "HOST:PORT" : nil
    case .seconds: Int(value).map { (1...86_400).contains($0) } == true ? nil : "1 to 86400 seconds"
    case .count(let range):
      Int(value).map(range.contains) == true
        ? nil : "a number from \(range.lowerBound) to \(range.upperBound)"
    case .url(let schemes, let credentials):
      Self.complaint(about: value, schemes, mayHold: credentials)
    case .network: Network.isValid(value) ? nil : "an address range such as 10.0.0.0/8"
    case .mailAddress:
      // A host without a dot will do for a sender.
      EmailAddress.normalized(value) ?? EmailAddress.normalized(value + ".local") == nil
        ? "a mail address" : nil
    }
  }

  private static func complaint(
    about url: String, _ schemes: [String], mayHold credentials: Bool
  ) -> String? {
    let wanted = schemes.map { $0 + "://…" }.joined(separator: " or ")
    guard let scheme = schemes.first(where: { url.hasPrefix($0 + "://") }),
      url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return wanted }
    let authority = url.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
    // PostgreSQL takes a URL without a host (its own socket) and several with commas.
    let hosts = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    if authority.contains("@"), !credentials { return wanted + " without a name or password" }
    if url.utf8.count == scheme.utf8.count + 3 || hosts.isEmpty && !credentials { return wanted }
    let ports = hosts.split(separator: ",").compactMap(port)
    return ports.allSatisfy { $0.isEmpty || UInt16($0).map { $0 > 0 } == true }
      ? nil : wanted + " with a port from 1 to 65535"
  }

  /// What stands behind the colon of `name:5432` or `[::1]:5432`; nil without one.
  private static func port(of host: Substring) -> Substring? {
    let rest = host.hasPrefix("[") ? host.drop { $0 != "]" } : host
    return rest.firstIndex(of: ":").map { rest[rest.index(after: $0)...] }
  }
}

struct Setting: Sendable {
  let name: String
  let placeholder: String
  let summary: String
  var form: SettingForm = .text
  /// Shown in help and used where nothing is given; nil: there is none.
  var fallback: String?
  var repeatable = false
  /// Printed as `[redacted]`; may also come from a credential of that name.
  var secret = false
  /// Secrets have no flag: a command line is seen by every process of the machine.
  var hasFlag = true

  var flag: String { "--" + name }
  var member: String { name.replacing("-", with: "_") }
  var variable: String { "LATCHKEY_" + member.uppercased() }
  var credential: String { "latchkey-" + name }
}

extension Setting {
  static let data = Setting(
    name: "data", placeholder: "DIR", summary: "the data folder", form: .path)
  static let database = Setting(
    name: "database", placeholder: "URL",
    summary: "postgres://… for PostgreSQL; without it SQLite in the data folder",
    form: .url(schemes: ["postgres", "postgresql"], credentials: true), secret: true)
  static let config = Setting(
    name: "config", placeholder: "FILE",
    summary: "config file: JSON with comments (else latchkey.json in the data folder, if there)",
    form: .path)
  static let masterKeyFile = Setting(
    name: "master-key-file", placeholder: "FILE",
    summary: "master key file (else master.key in the data folder)", form: .path)

  static let listen = Setting(
    name: "listen", placeholder: "HOST:PORT", summary: "management API, verify, forward-auth",
    form: .address, fallback: "127.0.0.1:8080")
  static let gatewayListen = Setting(
    name: "gateway-listen", placeholder: "HOST:PORT", summary: "the reverse proxy",
    form: .address, fallback: "127.0.0.1:8081")
  static let metricsListen = Setting(
    name: "metrics-listen", placeholder: "HOST:PORT",
    summary: "Prometheus metrics on a listener of their own (else none)", form: .address)
  static let node = Setting(
    name: "node", placeholder: "NAME", summary: "this server's name among several",
    fallback: "local")
  static let workers = Setting(
    name: "workers", placeholder: "N", summary: "worker threads; 0: one per core",
    form: .count(0...256), fallback: "0")
  static let tlsCertificate = Setting(
    name: "tls-certificate", placeholder: "FILE", summary: "PEM chain: both listeners speak TLS",
    form: .path)
  static let tlsKey = Setting(
    name: "tls-key", placeholder: "FILE", summary: "PEM key of the certificate", form: .path)
  static let trustedProxy = Setting(
    name: "trusted-proxy", placeholder: "CIDR",
    summary: "peers whose X-Forwarded-For is believed", form: .network, repeatable: true)
  static let drainDelay = Setting(
    name: "drain-delay", placeholder: "SECONDS",
    summary: "how long after SIGTERM /readyz says 503 while calls are still taken",
    form: .count(0...3600), fallback: "0")
  static let drainSeconds = Setting(
    name: "drain-seconds", placeholder: "SECONDS",
    summary: "how long calls in flight may take after SIGTERM", form: .seconds, fallback: "30")
  static let upstreamTimeout = Setting(
    name: "gateway-upstream-timeout", placeholder: "SECONDS",
    summary: "how long the gateway waits for an upstream", form: .seconds, fallback: "30")
  static let publicURL = Setting(
    name: "public-url", placeholder: "URL", summary: "for links in mails and portal sessions",
    form: .url(schemes: ["http", "https"]))

  static let outboundAllow = Setting(
    name: "outbound-allow", placeholder: "CIDR",
    summary: "private or loopback addresses that deliveries may go to", form: .network,
    repeatable: true)
  static let outboundCA = Setting(
    name: "outbound-ca", placeholder: "FILE",
    summary: "authorities trusted for deliveries, besides the system's", form: .path)
  static let outgoingAddress = Setting(
    name: "outgoing-address", placeholder: "CIDR",
    summary: "where deliveries come from, told to customers for their allow-lists",
    form: .network, repeatable: true)
  static let leakKeysURL = Setting(
    name: "leak-keys-url", placeholder: "URL",
    summary: "public keys of the secret scanner whose reports are believed",
    form: .url(schemes: ["https"]),
    fallback: "https://api.github.com/meta/public_keys/secret_scanning")
  static let smtpURL = Setting(
    name: "smtp-url", placeholder: "URL", summary: "smtp://host:port for mails",
    form: .url(schemes: ["smtp", "smtps"], credentials: true), secret: true)
  static let smtpUser = Setting(
    name: "smtp-user", placeholder: "NAME", summary: "user at the mail server")
  static let smtpPassword = Setting(
    name: "smtp-password", placeholder: "PASSWORD", summary: "password at the mail server",
    secret: true, hasFlag: false)
  static let mailFrom = Setting(
    name: "mail-from", placeholder: "ADDRESS", summary: "sender of mails", form: .mailAddress)

  static let server = Setting(
    name: "server", placeholder: "URL",
    summary: "a running server's management API (else the data folder is used)",
    form: .url(schemes: ["https", "http"]))
  static let ca = Setting(
    name: "ca", placeholder: "FILE",
    summary: "certificates trusted for --server https://… (else the system's)", form: .path)
  static let token = Setting(
    name: "token", placeholder: "KEY", summary: "operator key for --server", secret: true,
    hasFlag: false)

  /// What a data folder and its keys need.
  static let folder = [data, database, config, masterKeyFile]
  static let serving =
    folder + [
      listen, gatewayListen, metricsListen, node, workers, tlsCertificate, tlsKey, trustedProxy,
      drainDelay, drainSeconds, upstreamTimeout, publicURL, outboundAllow, outboundCA,
      outgoingAddress, leakKeysURL, smtpURL, smtpUser, smtpPassword, mailFrom,
    ]
  static let client = [server, ca, token] + folder
  static let all = serving + [server, ca, token]
}
