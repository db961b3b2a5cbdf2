// Storage by itself: group-committed writes, and loading every key at start-up.
import Glibc
import KeyModel
import Storage

enum StoreBench {
  /// `place` is a new SQLite file or the URL of an empty PostgreSQL database.
  static func run(_ place: String) async throws {
    let isURL = place.hasPrefix("postgres")
    let store = try Store.open(isURL ? .postgres(url: place) : .sqliteFile(path: place))
    defer { store.close() }
    try await addTenants(store)
    for tasks in [1, 200] {
      let rate = try await writes(store, count: tasks * 200, tasks: tasks)
      print(#"{"bench":"store-write","tasks":\#(tasks),"per_second":\#(Int(rate))}"#)
    }
    try await fill(store, count: 1_000_000)
    for _ in 0..<5 {
      let (count, seconds) = try await load(store)
      print(#"{"bench":"store-load","keys":\#(count),"seconds":\#(seconds)}"#)
    }
  }

  private static func elapsed(_ body: () async throws -> Void) async throws -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try await body()
    return (clock.now - start) / .seconds(1)
  }

  private static func id<Tag>(_ number: Int) -> ID<Tag> {
    ID(now: Timestamp(seconds: 1_700_000_000 + Int64(number)), random: UInt128(number))
  }

  private static let now = Timestamp(seconds: 1_750_000_000)

  private static func key(_ number: Int) -> Key {
    let lookup = Lookup(
      words: (UInt64(number) &* 0x9E37_79B9_7F4A_7C15, UInt64(number), 7, UInt64(number)))
    let version = KeyVersion(
      id: id(number), keyID: id(number), number: 1, state: .active, lookup: lookup, pepperID: 1,
      hint: "abcd", sealedSecret: Array(repeating: 1, count: 90), acceptedFrom: now,
      createdAt: now)
    return Key(
      id: id(number), projectID: id(1), accountID: id(number % 1000),
      applicationID: id(number % 1000), environment: "production", name: "key \(number)",
      createdAt: now, createdBy: "operator:opk_0000000000000000000000000", versions: [version])
  }

  private static func addTenants(_ store: Store) async throws {
    try await store.write { tx in
      try tx.projects.insert(
        Project(id: id(1), slug: "bench", name: "", profile: "default", createdAt: now))
      for number in 0..<1000 {
        try tx.accounts.insert(
          Account(
            id: id(number), projectID: id(1), name: "a", username: "u", clientID: "\(number)",
            sealedClientSecret: [], createdAt: now))
        try tx.applications.insert(
          Application(
            id: id(number), projectID: id(1), accountID: id(number), name: "a", createdAt: now))
      }
    }
  }

  /// Each write makes a key with its version and a change, as the use case does.
  private static func writes(_ store: Store, count: Int, tasks: Int) async throws -> Double {
    let seconds = try await elapsed {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<tasks {
          group.addTask {
            for number in 0..<count / tasks {
              let key = key(10_000_000 * (tasks + task) + number)
              try await store.write { tx in
                try tx.keys.insert(key)
                try tx.changes.append(.key(key.id))
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
    return Double(count) / seconds
  }

  private static func fill(_ store: Store, count: Int) async throws {
    for start in stride(from: 0, to: count, by: 5000) {
      try await store.write { tx in
        for number in start..<min(count, start + 5000) { try tx.keys.insert(key(number)) }
      }
    }
  }

  private static func load(_ store: Store) async throws -> (count: Int, seconds: Double) {
    var count = 0
    let seconds = try await elapsed {
      count = try await store.read { tx in
        var versions = 0
        try tx.keys.forEachRecord { versions += $0.versions.count }
        return versions
      }
    }
    return (count, seconds)
  }
}
