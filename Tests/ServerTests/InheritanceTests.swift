// What a child process gets of the server's descriptors, which is nothing: neither the folder's
// lock, which a child would hold on to, nor sockets, files or the store.
import Foundation
import Glibc
import HTTPServer
import Testing

@testable import Server

@Suite("What children inherit", .serialized)
struct InheritanceTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// This process's descriptors and what each is.
  private func descriptors() -> [Int32: String] {
    let folder = "/proc/self/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var all: [Int32: String] = [:]
    for name in names {
      guard let number = Int32(name) else { continue }
      all[number] = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
    }
    return all
  }

  private func port(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return code == 0 && address.sin_family == AF_INET ? UInt16(bigEndian: address.sin_port) : nil
  }

  @Test("A lock that was let go is free, though a child that is being started has a copy of it")
  func copyOfLock() throws {
    var lock: FolderLock? = try FolderLock.take(folder.path, purpose: "first")
    let path = folder.file("latchkey.lock")
    let own = try #require(descriptors().first { $0.value == path })
    // What a child holds between fork and exec.
    let copy = dup(own.key)
    defer { close(copy) }
    #expect(try FolderLock.attempt(folder.path, purpose: "second") == nil)
    withExtendedLifetime(lock) {}
    lock = nil
    _ = try FolderLock.take(folder.path, purpose: "third")
  }

  @Test("Of a running server's lock, files, sockets and event queues no child gets any")
  func nothingInherited() async throws {
    let data = folder.file("data")
    _ = await latchkey("init", "--data", data)
    let flags = [
      "data": [data], "listen": ["127.0.0.1:0"], "gateway-listen": ["127.0.0.1:0"],
      "workers": ["1"],
    ]
    let settings = try ServeSettings(
      Config(settings: Setting.serving, flags: flags, variables: [:]))
    let server = try await LatchkeyServer(
      plan: ServerPlan(settings, demo: false),
      lock: try FolderLock.take(data, purpose: "serve"), surroundings(Caught()))
    let ports = server.bound.map(\.port).filter { $0 != 0 }
    let ours = descriptors().filter { number, place in
      place.hasPrefix(folder.path) || place.hasPrefix("anon_inode:")
        || port(of: number).map { ports.contains($0) } ?? false
    }
    for (number, place) in ours {
      let flags = fcntl(number, F_GETFD)
      #expect(flags < 0 || flags & FD_CLOEXEC != 0, "\(place)")
    }
    for name in ["latchkey.lock", "latchkey.db", "revocations.journal"] {
      #expect(ours.values.contains { $0.hasSuffix(name) }, "\(name) is not open")
    }
    #expect(ours.keys.count { port(of: $0) != nil } >= 2)
    #expect(try child().contains(folder.path) == false)
    await server.stop()
  }

  /// What a child sees as its own descriptors.
  private func child() throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/ls")
    process.arguments = ["-l", "/proc/self/fd"]
    process.standardOutput = pipe
    try process.run()
    let said = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: said, as: UTF8.self)
  }
}
