// Where settings come from, which one wins, and what is said when one is wrong.
import Glibc
import Storage
import Testing

@testable import Server

@Suite("Settings")
struct ConfigTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func config(
    _ flags: [String: [String]] = [:], _ variables: [String: String] = [:]
  ) throws -> Config {
    try Config(settings: Setting.all, flags: flags, variables: variables)
  }

  private func refusal(
    _ flags: [String: [String]] = [:], _ variables: [String: String] = [:]
  ) -> ToolError? {
    do throws(ToolError) {
      _ = try Config(settings: Setting.all, flags: flags, variables: variables)
      return nil
    } catch { return error }
  }

  @Test("Flag, variable, file variable, credential, config file, default: the first one wins")
  func order() throws {
    let file = try folder.write("{\"node\": \"from-file\"}", to: "latchkey.json")
    try folder.write("from-credential\n", to: "latchkey-node")
    let path = try folder.write("from-file-variable\n", to: "node.txt")
    var flags = ["node": ["from-flag"], "config": [file]]
    var variables = [
      "LATCHKEY_NODE": "from-variable", "LATCHKEY_NODE_FILE": path,
      "CREDENTIALS_DIRECTORY": folder.path,
    ]
    #expect(try config(flags, variables).text(.node) == "from-flag")
    flags["node"] = nil
    #expect(try config(flags, variables).text(.node) == "from-variable")
    variables["LATCHKEY_NODE"] = nil
    #expect(try config(flags, variables).text(.node) == "from-file-variable")
    variables["LATCHKEY_NODE_FILE"] = nil
    #expect(try config(flags, variables).text(.node) == "from-credential")
    variables["CREDENTIALS_DIRECTORY"] = nil
    #expect(try config(flags, variables).text(.node) == "from-file")
    flags["config"] = nil
    #expect(try config(flags, variables).text(.node) == "local")
  }

  @Test("latchkey.json in the data folder is found without being named")
  func fileInFolder() throws {
    try folder.write("{ // a comment\n \"workers\": 3, }", to: "latchkey.json")
    let config = try config(["data": [folder.path]])
    #expect(config.number(.workers) == 3)
    #expect(config.file == folder.file("latchkey.json"))
  }

  @Test("A syntax error shows file, line and a caret below the place")
  func syntax() throws {
    let file = try folder.write("{\n  // listeners\n  \"listen\": oops\n}", to: "bad.json")
    let error = try #require(refusal(["config": [file]]))
    #expect(error.exit == .config)
    #expect(error.message.contains("bad.json:3:13"))
    #expect(error.message.hasSuffix("  \"listen\": oops\n              ^"))
  }

  @Test("An unknown setting is named with its nearest neighbour")
  func unknown() throws {
    let file = try folder.write("{\"listne\": \"127.0.0.1:1\"}", to: "c.json")
    let error = try #require(refusal(["config": [file]]))
    #expect(error.message.contains("\"listne\"; did you mean listen?"))
  }

  @Test("A bad value names the setting, where it was set and what is wanted")
  func values() {
    let cases: [(String, String, String)] = [
      ("listen", ":8080", "HOST:PORT"), ("workers", "-1", "a number"),
      ("trusted-proxy", "10.0.0.0/99", "address range"), ("database", "mysql://x/y", "postgres://"),
      ("drain-seconds", "0", "seconds"), ("public-url", "ftp://x", "http://"),
      ("database", "postgres://db:54x2/y", "a port from 1"), ("public-url", "https://", "https://"),
      ("public-url", "https://me:hunter2@x", "without a name"),
      ("server", "http://[::1]:0", "port"),
    ]
    for (name, value, wanted) in cases {
      let byFlag = refusal([name: [value]])
      #expect(byFlag?.exit == .usage && byFlag?.message.contains(wanted) == true, "\(name)")
      #expect(byFlag?.message.contains("--" + name) == true)
      let variable = "LATCHKEY_" + name.replacing("-", with: "_").uppercased()
      let byVariable = refusal([:], [variable: value])
      #expect(byVariable?.exit == .config && byVariable?.message.contains(variable) == true)
    }
  }

  @Test("A database's URL may leave its host out, name several, and an IPv6 address")
  func databases() {
    for url in [
      "postgres:///latchkey", "postgresql://me@[::1]:5432/x", "postgres://a:5432,b:5433,c/x",
      "postgres://me:p%40ss@db/x?sslmode=require", "postgres://%2Frun%2Fpg/x",
    ] {
      #expect(refusal([:], ["LATCHKEY_DATABASE": url]) == nil, "\(url)")
    }
  }

  @Test("Secrets are neither printed nor repeated in errors")
  func secrets() async throws {
    let url = "postgres://me:hunter2@db/x"
    let shown = await latchkey(
      "config", "print", variables: ["LATCHKEY_DATABASE": url, "LATCHKEY_TOKEN": "lk_op_x"])
    #expect(shown.exit == .ok)
    #expect(shown.output.contains("$LATCHKEY_DATABASE"))
    #expect(!shown.output.contains("hunter2") && !shown.output.contains("lk_op_x"))
    let file = try folder.write("{\n \"database\": \"postgres://me:hunter2@x\" oops}", to: "c.json")
    let broken = await latchkey("config", "check", "--config", file)
    #expect(broken.exit == .config)
    #expect(!broken.errors.contains("hunter2"), "\(broken.errors)")
    let site = refusal(["public-url": ["https://me:hunter2@x"]])
    #expect(site?.message.contains("hunter2") == false)
    #expect(refusal([:], ["LATCHKEY_DATABASE": "hunter2"])?.message.contains("hunter2") == false)
  }

  @Test("Lists come from repeated flags, from commas and from JSON arrays")
  func lists() throws {
    let flags = ["trusted-proxy": ["10.0.0.0/8", "::1/128"]]
    #expect(try config(flags).texts(.trustedProxy).count == 2)
    let variables = ["LATCHKEY_TRUSTED_PROXY": "10.0.0.0/8, ::1/128"]
    #expect(try config([:], variables).texts(.trustedProxy) == ["10.0.0.0/8", "::1/128"])
    let file = try folder.write("{\"trusted_proxy\": [\"10.0.0.0/8\"]}", to: "c.json")
    #expect(try config(["config": [file]]).texts(.trustedProxy) == ["10.0.0.0/8"])
  }

  @Test("Two listeners on one place are refused, but for port 0")
  func places() async {
    for folder in [["--data", "/x"], []] {
      let one = ["config", "check", "--listen", "127.0.0.1:9", "--gateway-listen", "127.0.0.1:9"]
      let same = await latchkey(one + folder)
      #expect(same.exit == .config && same.errors.contains("gateway-listen and listen"), "\(same)")
      let free = ["config", "check", "--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
      #expect(await latchkey(free + folder).exit == .ok)
    }
  }

  @Test("What a store says fits both engines and does not ask for a start that is not needed")
  func storeWords() {
    #expect(!Failure.line(StoreError.full).contains("start again"))
    #expect(Failure.line(StoreError.readOnly).contains("PostgreSQL"))
  }

  @Test("A certificate without its key is refused")
  func pair() async {
    let half = await latchkey("config", "check", "--data", "/x", "--tls-key", "/k")
    #expect(half.exit == .config)
    #expect(half.errors.contains("belong together"))
  }
}
