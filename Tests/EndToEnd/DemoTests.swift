// `latchkey serve --dev`, as somebody meets it who has just built the program: what it prints is
// pasted into a shell as it stands.
import Foundation
import Testing

@Suite("The demo")
struct DemoTests {
  @Test("Its lines work when pasted: the call passes, the key is revoked, the call is refused")
  func pasted() throws {
    let folder = try Folder()
    let data = folder.file("data")
    let child = try Child(
      [
        Place.latchkey, "serve", "--dev", "--data", data, "--listen", "127.0.0.1:0",
        "--gateway-listen", "127.0.0.1:0",
      ], folder: folder.path, name: "demo")
    #expect(poll(seconds: 30) { child.errors.contains("listening ") || child.status != nil })
    let printed = child.output
    let lines = printed.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let call = try #require(lines.first { $0.hasPrefix("curl ") }, "\(printed) \(child.errors)")
    let revoke = try #require(lines.first { $0.contains(" keys revoke ") })
    let passed = try run(["/bin/sh", "-c", call + " -s"])
    #expect(passed.status == 0 && passed.output.contains(#""path":"/hello""#))
    #expect(try run(["/bin/sh", "-c", revoke]).status == 0)
    let refused = try run(["/bin/sh", "-c", call + " -s -o /dev/null -w '%{http_code}'"])
    #expect(refused.output == "401")
  }
}
