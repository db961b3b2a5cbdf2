// `mailserver.py`, running; ended by its process id.
import Foundation

final class MailServerProcess: @unchecked Sendable {
  // Sendable: nothing is changed once it is made.
  let port: Int
  private let script: Script

  /// - Parameters:
  ///   - certificate: nil: it offers no TLS.
  ///   - password: empty: everybody may send.
  init(_ certificate: Certificate? = nil, password: String = "", port: Int = 0) throws {
    script = try Script(
      "mailserver.py",
      [certificate?.file ?? "-", certificate?.key ?? "-", password, String(port)])
    guard let number = Int(script.first) else { throw Failed(text: "no mail server") }
    self.port = number
  }

  struct Taken: Decodable {
    var from: String
    var to: [String]
    var tls: Bool
    var user: String?
    var data: String
  }

  func says(_ word: String) -> Bool { script.lines.contains(word) }

  /// In the order in which they were taken.
  var mails: [Taken] {
    script.lines.dropFirst().compactMap {
      try? JSONDecoder().decode(Taken.self, from: Data($0.utf8))
    }
  }
}

/// A Python script of this folder that prints lines.
final class Script: @unchecked Sendable {
  // Sendable: nothing is changed once it is made.
  let first: String
  private let process = Process()
  private let log: String

  /// Returns once it has printed a line.
  init(_ name: String, _ arguments: [String]) throws {
    log = "\(NSTemporaryDirectory())/latchkey-script-\(UInt64.random(in: 0...UInt64.max)).log"
    try Data().write(to: URL(filePath: log))
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", Self.folder.appending(path: name).path] + arguments
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: log))
    try process.run()
    var line: String?
    for _ in 0..<4000 where line == nil {
      usleep(5000)
      line = Self.lines(log).first
    }
    guard let line else { throw Failed(text: "\(name) does not start") }
    first = line
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: log)
  }

  var lines: [String] { Self.lines(log) }

  private static func lines(_ path: String) -> [String] {
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
}
