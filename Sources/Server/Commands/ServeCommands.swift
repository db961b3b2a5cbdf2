// The commands init and serve: what they read and in which order they start. No wiring here.
internal import Glibc
internal import KeyModel

enum ServeCommands {
  static let all = [initialise, serve]

  static let initialise = Command(
    path: ["init"],
    summary: "Make a data folder: master key, database, first operator key (shown once)",
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(line: "latchkey init --data /var/lib/latchkey", says: "SQLite in the folder"),
      Example(
        line: "latchkey init --data DIR --database postgres://latchkey@db/latchkey --json",
        says: "PostgreSQL; one JSON object for a script"),
    ]
  ) { invocation in
    let made = try await Founding.make(try invocation.config(), invocation.surroundings)
    if invocation.has("json") {
      return invocation.surroundings.line(JSONWriter.compactText(made.json))
    }
    invocation.surroundings.write(made.text)
  }

  static let serve = Command(
    path: ["serve"], summary: "Run the server until SIGTERM or SIGINT",
    flags: [
      Flag(
        name: "dev", placeholder: nil,
        summary: "demo: init in ./data if needed, loopback only, a project and a key to try")
    ], settings: Setting.serving,
    examples: [
      Example(line: "latchkey serve --dev", says: "try it: prints a curl line that passes"),
      Example(
        line: "latchkey serve --data /var/lib/latchkey --listen 10.0.0.5:8080 "
          + "--gateway-listen 0.0.0.0:443 --tls-certificate cert.pem --tls-key key.pem",
        says: "for real"),
    ]
  ) { invocation in
    var config = try invocation.config()
    let isDemo = invocation.has("dev")
    if isDemo { try await Demo.prepare(&config, invocation.surroundings) }
    let settings = try ServeSettings(config)
    try settings.folder.check()
    if let validity = try settings.checkTLS(),
      let complaint = settings.complaint(about: validity, at: invocation.surroundings.now())
    {
      Log(invocation.surroundings).warning(complaint)
    }
    try ClockShift.announce(invocation.surroundings)
    Hardening.apply()
    Hardening.raiseDescriptorLimit()
    let lock = try FolderLock.take(settings.folder.path, purpose: "serve")
    let server = try await LatchkeyServer(
      plan: ServerPlan(settings, demo: isDemo), lock: lock, invocation.surroundings)
    if isDemo { try await Demo.furnish(server, settings, invocation.surroundings) }
    invocation.surroundings.errorLine(server.readyLine)
    let signal = await OffThread.run { Signals.wait() }
    Signals.exitOnNext(signal == SIGINT ? .interrupted : .failure)
    await server.stop()
    if signal == SIGINT { throw ToolError(.interrupted, "stopped") }
  }
}
