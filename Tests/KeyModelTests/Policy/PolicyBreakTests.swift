// What a change of policy would break, and how it is told.
import KeyModel
import Testing

@Suite("A change of policy against what is there")
struct PolicyBreakTests {
  private let account = AccountID(bits: 1)
  private let application = ApplicationID(bits: 2)

  private func use(_ count: Int, _ environment: String = "production") -> KeyUse {
    KeyUse(
      account: account, application: application, environment: environment, kind: .secret,
      access: .readOnly, count: count)
  }

  private func breaks(
    _ keys: [KeyUse], applications: Int = 1, roles: [String: Int] = [:],
    takesAnyForm: Bool = false, _ edit: (inout Policy) -> Void
  ) -> [String] {
    let old = Policy()
    var new = old
    edit(&new)
    return PolicyBreaks.find(
      from: old, to: new,
      PolicyUse(
        keys: keys, applications: [account: applications], roles: roles,
        takesAnyForm: takesAnyForm)
    ).map(\.description)
  }

  @Test("A role that members have is told with their number; where nobody has it it may go")
  func roles() {
    let edit: (inout Policy) -> Void = { $0.members.roles.removeAll { $0.name == "developer" } }
    #expect(
      breaks([], roles: ["developer": 2, "admin": 1], edit)
        == ["/members/roles: 2 members have the role `developer`, which is gone"])
    #expect(
      breaks([], roles: ["developer": 1], edit)
        == ["/members/roles: 1 member has the role `developer`, which is gone"])
    #expect(breaks([], roles: ["admin": 1, "unknown": 3], edit).isEmpty)
  }

  @Test("Where keys were imported another form of secret breaks none, a lost environment does")
  func anyForm() {
    #expect(breaks([use(3)], takesAnyForm: true) { $0.secret.alphabet = .hex }.isEmpty)
    #expect(breaks([use(3)], takesAnyForm: true) { $0.environments[0].name = "live" }.count == 1)
  }

  @Test("Each change that keys would not survive is told with its pointer and their number")
  func all() {
    let keys = [use(3)]
    #expect(
      breaks(keys) { $0.credential = .basic }
        == ["/credential: 3 active keys would have to be presented in another way"])
    #expect(
      breaks(keys) { $0.environments[0].secretPrefix = "sk_" } == [
        "/environments/0/secret_prefix: 3 active keys of `production`: their secrets would be "
          + "malformed"
      ])
    #expect(breaks(keys) { $0.secret.alphabet = .hex }[0].hasPrefix("/secret/alphabet: 3 "))
    #expect(breaks(keys) { $0.secret.checksum = false }[0].hasPrefix("/secret/checksum: 3 "))
    let longer = breaks(keys) { $0.secret.bytes = 48 }[0]
    #expect(longer.hasPrefix("/secret/bytes: 3 ") && longer.contains("`accept_from_bytes` 32 "))
    #expect(
      breaks(keys) { ($0.secret.bytes, $0.secret.acceptFromBytes) = (48, 32) }.isEmpty)
    #expect(!breaks(keys) { $0.secret.bytes = 16 }[0].contains("accept_from_bytes"))
    #expect(
      breaks(keys) { $0.environments[0].name = "live" }
        == ["/environments: 3 active keys of `production`: the environment is gone"])
    #expect(
      breaks(keys) { $0.access = [.full] }
        == ["/access: 3 active keys with access `read_only`, which is gone"])
    #expect(
      breaks(keys) { $0.keyLimit = KeyLimit(max: 2, min: 0, per: .account) } == [
        "/limits/keys/max: 1 account holds more than 2 active keys; the most is 3"
      ])
    #expect(
      breaks(keys, applications: 4) { $0.applications.max = 3 }
        == ["/applications/max: 1 account has more than 3 applications; the most is 4"])
  }

  @Test("What still fits breaks nothing: no keys, a limit per environment, longer secrets accepted")
  func none() {
    #expect(breaks([]) { $0.credential = .basic }.isEmpty)
    #expect(
      breaks([use(2), use(2, "other")]) {
        $0.keyLimit = KeyLimit(max: 2, min: 0, per: .environment)
      }.isEmpty)
    #expect(
      breaks([use(9)]) {
        $0.secret.bytes = 48
        $0.secret.acceptFromBytes = 32
      }.isEmpty)
  }

  @Test("The patch between two documents makes the one of the other")
  func patch() throws {
    let old = try JSONReader.read(#"{"a":{"b":1,"c":2},"d":[1],"e":true}"#)
    let new = try JSONReader.read(#"{"a":{"b":1,"x":3},"d":[2],"n":{"m":1}}"#)
    let patch = try #require(JSONMergePatch.making(new.object!, of: old.object!))
    #expect(JSONMergePatch.apply(patch, to: old) == new)
    #expect(JSONMergePatch.making(new.object!, of: new.object!) == nil)
    let places = JSONDifference.between(old, new).map(\.pointer.description)
    #expect(places == ["/a/c", "/a/x", "/d", "/e", "/n"])
  }

  @Test("A pointer leads to the line and column of its member, or of what is nearest around it")
  func places() {
    let text = "{ // comment\n  \"a\": [\n    1, {\"b\": 2}\n  ]\n}"
    let places = JSONPlaces(Array(text.utf8))
    func place(_ tokens: String...) -> [Int]? {
      places.place(of: JSONPointer(tokens)).map { [$0.line, $0.column] }
    }
    #expect(place("a") == [2, 3])
    #expect(place("a", "1") == [3, 8])
    #expect(place("a", "1", "b") == [3, 9])
    #expect(place("a", "1", "missing") == [3, 8])
    #expect(place("z") == nil)
  }
}
