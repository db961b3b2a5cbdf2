// What a server is started with: which store, which key, which listeners. Made from settings, or
// for a local command from the data folder alone.
internal import Glibc
internal import HTTPServer
internal import Storage

struct ServerPlan: Sendable {
  var folder: DataFolder
  var store: StoreLocation
  var masterKeyPath: String
  /// Where request records are kept.
  var records: RecordLocation {
    switch store {
    case .postgres(let url): .postgres(url: url)
    case .sqliteFile, .sqliteMemory: .folder(path: folder.path + "/records")
    }
  }
  var listeners: [ListenerSettings]
  var workers: Int
  var trustedProxies: [CIDR] = []
  /// Seconds for which a server that is told to stop says so and goes on.
  var drainDelay = 0
  var drainSeconds = 5
  var upstreamTimeoutSeconds = 30
  var outbound = OutboundSettings()
  var publicURL: String?

  /// False for a local command on the folder.
  var servesCalls: Bool { listeners.contains { $0.name == "api" } }

  init(_ settings: ServeSettings, demo: Bool) {
    folder = settings.folder
    store = settings.store
    masterKeyPath = settings.masterKeyPath
    workers = settings.workers == 0 ? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) : settings.workers
    trustedProxies = settings.trustedProxies
    drainDelay = settings.drainDelay
    drainSeconds = settings.drainSeconds
    upstreamTimeoutSeconds = settings.upstreamTimeoutSeconds
    outbound = settings.outbound
    publicURL = settings.publicURL
    listeners = [
      Self.listener("api", settings.listen, settings.tls),
      Self.listener("gateway", settings.gatewayListen, settings.tls),
    ]
    if let place = settings.metricsListen { listeners.append(Self.listener("metrics", place, nil)) }
    if demo {
      listeners.append(
        Self.listener(EchoHandler.listener, HostPort(host: "127.0.0.1", port: 0), nil))
    }
    listeners.append(Self.socket(folder))
  }

  /// - Parameter local: the settings of a command that works on a folder.
  init(local config: Config, folder: DataFolder) {
    self.folder = folder
    store = ServeSettings.store(config, folder)
    masterKeyPath = config.text(.masterKeyFile) ?? folder.masterKey
    workers = 1
    listeners = [Self.socket(folder)]
  }

  private static func listener(
    _ name: String, _ place: HostPort, _ tls: TLSFiles?
  ) -> ListenerSettings {
    ListenerSettings(name: name, host: place.host, port: place.port, tls: tls)
  }

  private static func socket(_ folder: DataFolder) -> ListenerSettings {
    ListenerSettings(name: "local", host: "", port: 0, unixPath: folder.socket)
  }
}
