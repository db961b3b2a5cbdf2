// Random work on a store and on a dictionary beside it, from a seed: both must always agree.
import KeyModel
import Testing

@testable import Storage

private struct Undone: Error {}

/// SplitMix64.
private struct Dice {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ mixed >> 31) % UInt64(bound))
  }
}

/// What a store of keys should hold after each step.
private struct Model {
  var keys: [KeyID: Key] = [:]
  var dice: Dice
  var next = 100

  mutating func fresh() -> Int {
    next += 1
    return next
  }

  /// One change of the model and the same for a store.
  mutating func step() -> @Sendable (Transaction) throws -> Void {
    let known = keys.keys.sorted()
    guard !known.isEmpty, dice.below(4) > 0 else { return insertion() }
    let id = known[dice.below(known.count)]
    guard var key = keys[id] else { return { _ in } }
    switch dice.below(4) {
    case 0:
      key.name = "renamed \(dice.below(1000))"
      key.state = dice.below(2) == 0 ? .active : .revoked
      let update = key
      key.revision += 1
      keys[id] = key
      return { _ = try $0.keys.update(update) }
    case 1:
      let ordinal = (key.versions.last?.number ?? 0) + 1
      let number = fresh()
      var version = Sample.version(number, key: 0, ordinal: ordinal)
      version.keyID = id
      key.versions.append(version)
      keys[id] = key
      return { [version] in try $0.keys.insert(version) }
    case 2 where !key.versions.isEmpty:
      let at = dice.below(key.versions.count)
      key.versions[at].state = .revoked
      key.versions[at].lookup = Sample.lookup(fresh())
      let version = key.versions[at]
      keys[id] = key
      return { try $0.keys.update(version) }
    default:
      guard let version = key.versions.popLast() else { return { _ in } }
      keys[id] = key
      return { _ = try $0.keys.delete(version) }
    }
  }

  private mutating func insertion() -> @Sendable (Transaction) throws -> Void {
    var key = Sample.key(fresh(), application: 1 + dice.below(2))
    key.environment = ["production", "sandbox"][dice.below(2)]
    key.kind = dice.below(3) == 0 ? .publishable : .secret
    keys[key.id] = key
    return { [key] in try $0.keys.insert(key) }
  }
}

@Suite struct ModelConformance {
  @Test(
    "random work leaves what a dictionary says", arguments: Backend.allCases, [1, 2, 3] as [UInt64])
  func random(_ backend: Backend, _ seed: UInt64) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { try $0.applications.insert(Sample.application(2)) }
      var model = Model(dice: Dice(state: seed))
      for round in 0..<60 {
        let before = model
        let steps = (0...model.dice.below(5)).map { _ in model.step() }
        let isUndone = model.dice.below(6) == 0
        do {
          try await store.write { tx in
            for step in steps { try step(tx) }
            if isUndone { throw Undone() }
          }
          #expect(!isUndone)
        } catch is Undone {
          // Numbers stay taken, as ids do.
          (model.keys, model.dice.state) = (before.keys, model.dice.state)
        }
        if round % 6 == 5 { try await Self.compare(store, model, seed: seed, round: round) }
      }
    }
  }

  private static func compare(
    _ store: Store, _ model: Model, seed: UInt64, round: Int
  ) async throws {
    let expected = model.keys.values.sorted { $0.id < $1.id }
    let place = "seed \(seed), round \(round)"
    try await store.read { tx in
      let account = KeyFilter(account: Sample.id(1))
      try #expect(tx.keys.all(account) == expected, "\(place)")
      var records: [KeyRecord] = []
      try tx.keys.forEachRecord { records.append($0) }
      let loaded = expected.map {
        var record = KeyRecord($0)
        // A load tells what is, not that it changed.
        record.isChanged = false
        return record
      }
      #expect(records == loaded, "\(place)")
      let sandbox = KeyFilter(account: Sample.id(1), environment: "sandbox", kind: .secret)
      let some = expected.filter { $0.environment == "sandbox" && $0.kind == .secret }
      try #expect(tx.keys.count(sandbox) == Int64(some.count), "\(place)")
      for version in expected.flatMap(\.versions) {
        try #expect(tx.keys.find(lookup: version.lookup)?.id == version.keyID, "\(place)")
      }
    }
  }
}
