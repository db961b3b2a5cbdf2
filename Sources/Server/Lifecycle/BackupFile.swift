// The file that a backup is written to. The command makes it, as the user who asked, and lends the
// descriptor to the server, which may be another user and see other folders. Must not know what is
// written.
internal import CSystem
internal import Glibc
internal import Storage

final class BackupFile: Sendable {
  let path: String
  private let descriptor: Int32

  /// A new file for this user alone.
  init(_ path: String) throws(ToolError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      if errno == EEXIST { throw ToolError(.refused, "\(path) exists already") }
      throw ToolError(
        .failure, "the backup cannot be written to \(FileError(path: path, code: errno))")
    }
  }

  deinit { close(descriptor) }

  func remove() { Files.remove(path) }

  var size: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Has `body` ask the server, which fetches the descriptor at the socket that `body` is told.
  func lend<R>(in folder: DataFolder, _ body: (String) async throws -> R) async throws -> R {
    // No longer than the name of the server's own socket, which fits.
    let place = "\(folder.path)/bak.\(getpid())"
    Files.remove(place)
    let listener = Sockets.listen(unix: place)
    guard listener >= 0 else {
      throw ToolError(.failure, "cannot lend the backup at \(FileError(path: place, code: errno))")
    }
    defer { Files.remove(place) }
    async let lent: Void = OffThread.run { [descriptor] in
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { return }
      _ = latchkey_send_descriptor(peer, descriptor)
      close(peer)
    }
    let result: Result<R, any Error>
    do { result = .success(try await body(place)) } catch { result = .failure(error) }
    // Wakes a thread to which nobody came.
    shutdown(listener, Int32(SHUT_RDWR))
    await lent
    close(listener)
    return try result.get()
  }

  /// The server's side: a descriptor of its own of the file that is lent at `place`.
  static func fetch(at place: String) throws(ToolError) -> Int32 {
    guard let socket = Sockets.connect(unix: place) else {
      throw ToolError(.failure, "nothing is lent at \(FileError(path: place, code: errno))")
    }
    defer { close(socket) }
    let descriptor = latchkey_receive_descriptor(Sockets.withTimeout(socket, seconds: 10))
    guard descriptor >= 0 else {
      throw ToolError(.failure, "no file came from \(FileError(path: place, code: errno))")
    }
    return descriptor
  }
}
