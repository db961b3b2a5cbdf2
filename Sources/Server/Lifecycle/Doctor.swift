// What `doctor` looks at. Each check gives one line: ok, warn or fail, what was found, and for the
// last two what to do. It changes nothing and goes on after a failure.
internal import Crypto
internal import Glibc
internal import HTTPServer
internal import KeyModel
internal import Management
internal import Storage

struct Finding: Sendable {
  enum Level: String, Sendable { case ok, warn, fail }
  let level: Level
  let check: String
  let text: String

  var line: String { level.rawValue.padded(6) + check.padded(13) + text }
  var json: JSONValue {
    ["level": .string(level.rawValue), "check": .string(check), "detail": .string(text)]
  }
}

struct Doctor {
  private let config: Config
  private let surroundings: Surroundings

  init(_ config: Config, _ surroundings: Surroundings) {
    self.config = config
    self.surroundings = surroundings
  }

  func examine() async -> [Finding] {
    let settings: ServeSettings
    do { settings = try ServeSettings(config) } catch { return [fail("settings", error.message)] }
    var findings = [ok("settings", config.file.map { "from \($0)" } ?? "no config file")]
    findings.append(folder(settings))
    let running = serverRuns(settings)
    let (keyFinding, keys) = masterKey(settings, running)
    findings.append(keyFinding)
    findings.append(await socket(settings, running))
    findings.append(journal(settings))
    findings.append(disk(settings))
    if running {
      findings.append(ok("database", "in use by the running server"))
    } else {
      findings += await database(settings, keys)
      findings += ports(settings)
    }
    findings += certificates(settings) + authorities(settings)
    return findings
  }

  // MARK: Checks

  private func folder(_ settings: ServeSettings) -> Finding {
    do {
      try settings.folder.check()
      return ok("data folder", settings.folder.path)
    } catch { return fail("data folder", error.message) }
  }

  private func masterKey(
    _ settings: ServeSettings, _ running: Bool
  ) -> (Finding, MasterKeys?) {
    let isNeeded = MasterKeySource.isNeeded(settings.store)
    do {
      let loaded = try MasterKeySource.load(
        settings.masterKeyPath, surroundings, isNeeded: isNeeded)
      let text = "\(loaded.keys.newest.id) from \(loaded.source)"
      if let warning = loaded.warning { return (warn("master key", warning), loaded.keys) }
      return (ok("master key", text), loaded.keys)
    } catch {
      // A service has it as a credential, which nobody else sees.
      let isHidden = running && !Files.exists(settings.masterKeyPath)
      return isHidden
        ? (ok("master key", "held by the running server; none to be found from here"), nil)
        : (fail("master key", error.message), nil)
    }
  }

  private func serverRuns(_ settings: ServeSettings) -> Bool {
    guard let descriptor = Sockets.connect(unix: settings.folder.socket) else { return false }
    close(descriptor)
    return true
  }

  private func socket(_ settings: ServeSettings, _ running: Bool) async -> Finding {
    guard running else {
      do {
        let lock = try FolderLock.attempt(settings.folder.path, purpose: "doctor")
        return lock == nil
          ? fail(
            "server",
            "\(FolderLock.holder(settings.folder.path)) holds the folder but answers not: "
              + "wait for it or end that process")
          : ok("server", "not running")
      } catch { return fail("server", error.message) }
    }
    let client = HTTPClient(place: .unix(path: settings.folder.socket))
    let answer = try? await client.send("GET", "/readyz")
    return answer?.status == 200
      ? ok("server", "running and ready")
      : warn("server", "running but not ready: see its log")
  }

  private func journal(_ settings: ServeSettings) -> Finding {
    do {
      let journal = try RevocationJournal(settings.folder.journal)
      return ok("journal", "\(journal.counts.lines) lines")
    } catch {
      return warn(
        "journal", "\(error): after a restore, keys revoked since the backup would be valid again")
    }
  }

  /// Whether the journal is the one that the database knows.
  private func journalFits(_ settings: ServeSettings, _ store: Store) async -> [Finding] {
    let path = settings.folder.journal
    guard let known = try? await store.read({ try JournalKnowledge($0) }) else { return [] }
    if let reason = RestoreGuard.obstacle(path, known, store.capabilities) {
      let way = "put the right one there, or " + RestoreGuard.acceptance(settings.folder)
      return [fail("journal", "serve refuses to start: \(reason): " + way)]
    }
    return []
  }

  private func disk(_ settings: ServeSettings) -> Finding {
    var status = statvfs()
    guard statvfs(settings.folder.path, &status) == 0 else {
      return fail("disk", "\(FileError(path: settings.folder.path, code: errno))")
    }
    let free = (UInt64(status.f_bavail) * UInt64(status.f_frsize)) >> 20
    let text = "\(free) MiB free under \(settings.folder.path)"
    if free < 64 { return fail("disk", text + ": make room") }
    return free < 1024 ? warn("disk", text + ": make room soon") : ok("disk", text)
  }

  private func database(_ settings: ServeSettings, _ keys: MasterKeys?) async -> [Finding] {
    let store: Store
    do {
      try ServeSettings.checkIsThere(settings.store)
      store = try Store.open(settings.store)
    } catch {
      return [fail("database", Failure.line(error))]
    }
    var findings = [ok("database", "opens, schema up to date")]
    findings += await journalFits(settings, store)
    if let keys { findings.append(await keyring(store, keys)) }
    findings.append(await clock(store))
    findings += await upstreams(store)
    await OffThread.run { store.close() }
    return findings
  }

  private func keyring(_ store: Store, _ keys: MasterKeys) async -> Finding {
    do {
      let vault = try await Vault.open(store, masterKeys: keys)
      return ok("keyring", "opens, \(vault.keyring.peppers.count) live pepper(s)")
    } catch { return fail("keyring", Failure.line(error)) }
  }

  /// The newest audit entry cannot be younger than now.
  private func clock(_ store: Store) async -> Finding {
    let last = try? await store.read { try $0.audit.last()?.at }
    let now = surroundings.now()
    if let last = last ?? nil, now.adding(seconds: 60) < last {
      return fail(
        "clock",
        "it is \(RFC3339.format(now)) here, but the last change was made at "
          + "\(RFC3339.format(last)): set the clock")
    }
    return ok("clock", RFC3339.format(now))
  }

  private func upstreams(_ store: Store) async -> [Finding] {
    let projects = (try? await store.read { try $0.projects.all() }) ?? []
    return projects.compactMap { project in
      guard let upstream = project.upstream, let place = Self.place(of: upstream) else {
        return nil
      }
      guard let descriptor = Sockets.connect(place) else {
        let reason = Sockets.refusal(of: place)
        return warn("upstream", "\(project.slug): \(upstream): \(reason): is it running?")
      }
      close(descriptor)
      return ok("upstream", "\(project.slug): \(upstream) answers")
    }
  }

  static func place(of upstream: String) -> HostPort? {
    let parts = upstream.split(separator: "/", omittingEmptySubsequences: true)
    guard parts.count >= 2 else { return nil }
    let text = String(parts[1])
    return HostPort(text) ?? HostPort(text + (parts[0] == "https:" ? ":443" : ":80"))
  }

  private func ports(_ settings: ServeSettings) -> [Finding] {
    let places =
      [("api", settings.listen), ("gateway", settings.gatewayListen)]
      + (settings.metricsListen.map { [("metrics", $0)] } ?? [])
    return places.map { name, place in
      Sockets.canListen(place)
        ? ok("port", "\(name) \(place) is free")
        : fail("port", "\(name) \(place): \(Files.text(of: errno)): choose another")
    }
  }

  private func certificates(_ settings: ServeSettings) -> [Finding] {
    do {
      guard let validity = try settings.checkTLS() else { return [] }
      let now = surroundings.now()
      if let complaint = settings.complaint(about: validity, at: now) {
        return [fail("tls", complaint)]
      }
      let path = settings.tls?.certificate ?? ""
      let text = "\(path) and its key, valid until \(ServeSettings.text(validity.until))"
      let isLate = validity.until < now.adding(seconds: Self.renewal).seconds
      return [isLate ? warn("tls", text + ": renew it") : ok("tls", text)]
    } catch { return [fail("tls", error.message)] }
  }

  /// Seconds before the end of a certificate.
  private static let renewal: Int64 = 14 * 86_400

  private func authorities(_ settings: ServeSettings) -> [Finding] {
    guard let path = settings.outbound.authorities else { return [] }
    do {
      try settings.checkAuthorities()
      return [ok("outbound", "authorities of \(path)")]
    } catch { return [fail("outbound", error.message)] }
  }

  private func ok(_ what: String, _ text: String) -> Finding { make(.ok, what, text) }
  private func warn(_ what: String, _ text: String) -> Finding { make(.warn, what, text) }
  private func fail(_ what: String, _ text: String) -> Finding { make(.fail, what, text) }

  private func make(_ level: Finding.Level, _ what: String, _ text: String) -> Finding {
    Finding(level: level, check: what, text: text)
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
