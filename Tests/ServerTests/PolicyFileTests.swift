// Policies as files on the command line: explained, every mistake pointed at, applied to projects.
import KeyModel
import Testing

@testable import Server

@Suite("Policy files", .serialized)
struct PolicyFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("profiles check explains a policy, also a patch over a profile")
  func explains() async throws {
    let patch = try folder.write(
      #"{"limits": {"keys": {"max": 2, "per": "environment"}}}"#, to: "p.json")
    let ran = await latchkey("profiles", "check", patch, "--profile", "default")
    #expect(ran.exit == .ok, "\(ran)")
    #expect(ran.output.contains("At most 2 active keys per environment"))
    let whole = await latchkey("profiles", "check", patch)
    #expect(whole.exit == .ok && whole.output.contains("At most 2 active keys per environment"))
  }

  @Test("profiles check points at every mistake with line, column and caret, and ends with 3")
  func mistakes() async throws {
    let text = """
      {
        "rotatoin": {},
        "limits": { "keys": { "max": "two" } },
        "secret": { "bytes": 4 }
      }
      """
    let ran = await latchkey("profiles", "check", try folder.write(text, to: "p.json"))
    #expect(ran.exit == .config)
    for (place, pointer) in [
      ("2:3", "/rotatoin"), ("3:25", "/limits/keys/max"), ("4:15", "/secret"),
    ] {
      #expect(ran.errors.contains("p.json:\(place): \(pointer)"), "\(ran.errors)")
    }
    #expect(ran.errors.contains("  \"rotatoin\": {},\n    ^"))
    #expect(ran.errors.contains("3 mistakes"))
    let broken = await latchkey("profiles", "check", try folder.write("{\n  nope\n}", to: "b.json"))
    #expect(broken.exit == .config && broken.errors.contains("b.json:2:3: unexpected character"))
    #expect(broken.errors.contains("  nope\n    ^"))
    let other = await latchkey("profiles", "check", folder.file("p.json"), "--profile", "defualt")
    #expect(other.exit == .notFound && other.errors.contains("did you mean default?"))
  }

  @Test(
    "projects apply makes, changes and leaves alone what a file says; a dry run changes nothing")
  func apply() async throws {
    let data = folder.file("data")
    #expect(await latchkey("init", "--data", data).exit == .ok)
    func apply(_ policy: String, _ more: String...) async throws -> Ran {
      let file = try folder.write(
        #"{"slug": "orders", "name": "Orders", "policy": \#(policy)}"#, to: "orders.json")
      let caught = Caught()
      let words = ["projects", "apply", "-f", file, "--data", data] + more
      let exit = await Tool(surroundings(caught)).run(words)
      return Ran(exit: exit, output: caught.all.output, errors: caught.all.errors)
    }
    func project() async -> Ran {
      await latchkey("projects", "get", "orders", "--data", data, "--json")
    }
    let limit = { (max: Int) in #"{"limits": {"keys": {"max": \#(max)}}}"# }
    let dry = try await apply(limit(2), "--dry-run")
    #expect(dry.exit == .ok && dry.errors.contains("nothing was changed"), "\(dry)")
    #expect(await project().exit == .notFound)
    #expect(try await apply(limit(2)).exit == .ok)
    let made = await project().output
    let again = try await apply(limit(2))
    #expect(again.exit == .ok && again.output.isEmpty && again.errors.contains("nothing differs"))
    let shown = try await apply(limit(3), "--dry-run")
    #expect(shown.output.contains("/policy/limits/keys/max: 2 → 3"), "\(shown)")
    #expect(shown.output.contains("- At most 2 active keys per account"))
    #expect(shown.output.contains("+ At most 3 active keys per account"))
    #expect(await project().output == made)

    let account = await latchkey(
      "accounts", "create", "Acme", "--project", "orders", "--data", data, "--json")
    let id = try #require(try JSONReader.read(account.output)["id"]?.string)
    for _ in 0..<2 {
      _ = await latchkey(
        "keys", "create", "--account", id, "--environment", "production", "--data", data)
    }
    let refused = try await apply(limit(1))
    #expect(refused.exit == .refused, "\(refused)")
    #expect(refused.errors.contains("/policy/limits/keys/max 1 account holds more than 1"))
    #expect(refused.output.contains("/policy/limits/keys/max: 2 → 1"), "\(refused)")
    #expect(refused.output.contains("+ At most 1 active key per account"))
    #expect(await project().output == made)
    #expect(try await apply(limit(1), "--force").exit == .ok)
    #expect(await project().output.contains(#""max":1"#))
  }
}
