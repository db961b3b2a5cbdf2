// Keys and versions for the lifecycle tests.
import KeyModel

enum LifecycleFixture {
  static let start = Timestamp(seconds: 1_800_000_000)

  static func version(_ number: UInt64, sealed: Bool = true) -> KeyVersion {
    KeyVersion(
      id: VersionID(bits: UInt128(number)), keyID: KeyID(bits: 0), number: 0, state: .retired,
      lookup: Lookup(words: (number, 0, 0, 0)), pepperID: 1, hint: "abcd",
      sealedSecret: sealed ? [1, 2, 3] : nil, acceptedFrom: Timestamp(seconds: 0),
      createdAt: start)
  }

  static func key(version: KeyVersion = version(1)) -> Key {
    let key = Key(
      id: KeyID(bits: 7), projectID: ProjectID(bits: 1), accountID: AccountID(bits: 2),
      applicationID: ApplicationID(bits: 3), environment: "production", createdAt: start,
      createdBy: "local")
    return KeyLifecycle.issue(key, version, now: start)
  }
}

extension Key {
  var states: [VersionState] { versions.map(\.state) }
}
