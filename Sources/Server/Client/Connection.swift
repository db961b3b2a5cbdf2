// Finds the server a command talks to: the one named by --server, the one that runs on the data
// folder (through its socket), or one that is started inside this process for the time of the
// command.
internal import Glibc

enum Connection {
  static func with<R>(
    _ invocation: Invocation, _ body: (HTTPClient) async throws -> R
  ) async throws -> R {
    let config = try invocation.config()
    if let url = config.text(.server) {
      guard let place = HTTPPlace(url: url, authorities: try authorities(config)) else {
        throw ToolError(.usage, "server: want http(s)://HOST:PORT, not \"\(url)\"")
      }
      guard let token = config.text(.token) else {
        throw ToolError(
          .config, "no operator key for \(url): set LATCHKEY_TOKEN or LATCHKEY_TOKEN_FILE")
      }
      return try await body(HTTPClient(place: place, token: token))
    }
    guard config.text(.data) != nil else {
      throw ToolError(
        .usage, "say which server: --data DIR for a data folder, or --server URL")
    }
    return try await local(invocation, config, body)
  }

  private static func authorities(_ config: Config) throws(ToolError) -> String? {
    guard let path = config.text(.ca) else { return nil }
    do { _ = try Files.read(path) } catch { throw ToolError(.config, "ca: \(error)") }
    return path
  }

  private static func local<R>(
    _ invocation: Invocation, _ config: Config, _ body: (HTTPClient) async throws -> R
  ) async throws -> R {
    let folder = DataFolder(try config.require(.data))
    try folder.check()
    let client = HTTPClient(place: .unix(path: folder.socket))
    // A holder that has no socket yet is starting or stopping: give it a moment.
    for _ in 0..<50 {
      if let descriptor = Sockets.connect(unix: folder.socket) {
        close(descriptor)
        return try await body(client)
      }
      guard let lock = try FolderLock.attempt(folder.path, purpose: invocation.command.name)
      else {
        try await Task.sleep(for: .milliseconds(100))
        continue
      }
      let server = try await LatchkeyServer.local(
        config, folder: folder, lock: lock, invocation.surroundings)
      do {
        let result = try await body(client)
        await server.stop()
        return result
      } catch {
        await server.stop()
        throw error
      }
    }
    throw ToolError(
      .refused, "\(folder.path) is in use by \(FolderLock.holder(folder.path)), which answers not")
  }
}
