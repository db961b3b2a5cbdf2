// A disk that fills up while the server runs: it says so and takes no traffic, changes are refused
// with a clear answer, decisions go on, and what was answered stands when there is room again.
import Foundation
import Testing

@Suite("A full disk", .serialized)
struct FullDiskTests {
  @Test("Changes are refused, calls are decided, nothing answered is lost")
  func fullDisk() throws {
    let installation = try Installation()
    let disk = try Disk(installation)
    let latchkey = try Latchkey(
      installation, name: "full", launcher: disk.launcher, data: disk.data)
    try latchkey.expect(201, "POST", "/v1/projects", ["slug": "demo", "name": "Demo"])
    let account = try latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme"])["id"].text()
    func create() throws -> Answer {
      try latchkey.call(
        "POST", "/v1/accounts/\(account)/keys",
        ["environment": "production", "description": String(repeating: "x", count: 900)])
    }
    func code(_ secret: String) throws -> String? {
      try latchkey.expect(200, "POST", "/v1/verify", ["project": "demo", "key": secret])["code"]
        .string
    }
    func isReady() throws -> Answer { try Curl.call(latchkey.api + "/readyz") }
    var secrets: [String] = []
    #expect(try isReady().status == 200)
    try disk.fill(latchkey.child.pid)
    if disk.canBeEmptied {
      // Before anybody has tried to change anything.
      #expect(try poll(seconds: 10) { try isReady().status == 503 })
    }
    var refused: Answer?
    for _ in 0..<3000 where refused == nil {
      let answer = try create()
      if answer.status == 201 { secrets.append(try answer.json()["secret"].text()) }
      if answer.status != 201 { refused = answer }
    }
    let answer = try #require(refused, "the disk never filled up")
    #expect(answer.status == 503, "\(answer)")
    #expect(answer.header("Content-Type") == "application/problem+json")
    #expect(latchkey.child.status == nil)
    let complaint = try isReady()
    #expect(complaint.status == 503 && complaint.text.contains("full"), "\(complaint)")
    #expect(!complaint.text.contains("start again"), "it recovers by itself")
    #expect(try Curl.call(latchkey.api + "/livez").status == 200)
    for secret in secrets { #expect(try code(secret) == "valid") }
    if disk.canBeEmptied {
      try disk.empty(latchkey.child.pid)
      let again = try poll(seconds: 20) { try create().status == 201 }
      #expect(again, "no change is taken after there is room again")
      #expect(try poll(seconds: 10) { try isReady().status == 200 })
    }
    #expect(latchkey.child.stop(SIGTERM) == 0)
  }
}

/// A small tmpfs in a mount namespace of the server's own, or a limit on file sizes where the tests
/// may not mount.
private struct Disk {
  let data: String
  let launcher: [String]
  let canBeEmptied = Namespace.isAllowed

  init(_ installation: Installation) throws {
    guard canBeEmptied else {
      data = installation.data
      launcher = ["prlimit", "--fsize=\(700 * 1024)"]
      return
    }
    let mount = installation.folder.file("disk")
    mkdir(mount, 0o755)
    data = mount + "/data"
    let script = """
      mount -t tmpfs -o size=16m tmpfs "$0" && cp -a "$1" "$0/data" && shift && exec "$@"
      """
    launcher = Namespace.launcher(script, mount, installation.data)
  }

  /// The server's own view of the folder: the mount is not in ours.
  private func ballast(_ pid: pid_t) -> String {
    "/proc/\(pid)/root" + URL(filePath: data).deletingLastPathComponent().path + "/ballast"
  }

  func fill(_ pid: pid_t) throws {
    guard canBeEmptied else { return }
    let script = "cat /dev/zero > \"$0\"; truncate -s -64K \"$0\""
    _ = try run(["sh", "-c", script, ballast(pid)])
  }

  func empty(_ pid: pid_t) throws {
    try FileManager.default.removeItem(atPath: ballast(pid))
  }
}
