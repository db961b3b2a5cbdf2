// A file system of a given size in memory, for faults that only a file system can make.
import Foundation

struct SmallDisk {
  let path: String
  private let folder: TemporaryFolder

  init(size: String) throws {
    folder = try TemporaryFolder()
    path = folder.path
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path)
  }

  func resize(_ size: String) throws {
    try Self.run("mount", "-o", "remount,size=\(size)", path)
  }

  func makeReadOnly() throws { try Self.run("mount", "-o", "remount,ro", path) }

  func remove() {
    try? Self.run("umount", "-l", path)
    folder.remove()
  }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Missing(what: "the right to \(command.joined(separator: " "))")
    }
  }
}
