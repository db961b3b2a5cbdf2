// The few records that every worker holds a copy of: projects, operator keys, peppers. Changes are
// rare; a worker notices one by a single atomic load per call and then copies everything anew.
import Crypto
import KeyModel
import Synchronization

final class ProjectDirectory: Sendable {
  struct Contents: Sendable {
    /// By number; nil where the project was removed. Numbers are never used again.
    var projects: [ProjectRecord?] = []
    var numbers: [ProjectID: UInt32] = [:]
    var operatorKeys: [OperatorKeyID: OperatorKeyRecord] = [:]
    /// Names of environments by their interned number.
    var environments: [String] = []
    var environmentNumbers: [String: UInt16] = [:]
    var peppers: [LookupHasher]
    /// Of the last change of each project, by number.
    var changedAt: [UInt64] = []
  }

  private let contents: Mutex<Contents>
  private let changes = Atomic<UInt64>(1)

  init(peppers: [LookupHasher]) { contents = Mutex(Contents(peppers: peppers)) }

  @inline(__always)
  var generation: UInt64 { changes.load(ordering: .acquiring) }

  func snapshot() -> Contents { contents.withLock { $0 } }

  func put(_ project: ProjectRecord) {
    change { contents, generation in
      let number = Self.number(of: project.id, in: &contents)
      contents.projects[Int(number)] = project
      contents.changedAt[Int(number)] = generation
    }
  }

  func remove(_ id: ProjectID) -> UInt32? {
    change { contents, _ in
      guard let number = contents.numbers.removeValue(forKey: id) else { return nil }
      contents.projects[Int(number)] = nil
      return number
    }
  }

  func put(_ key: OperatorKeyRecord) {
    change {
      $0.operatorKeys[key.id] = key
      _ = $1
    }
  }

  func remove(_ id: OperatorKeyID) {
    change {
      $0.operatorKeys[id] = nil
      _ = $1
    }
  }

  func replacePeppers(_ peppers: [LookupHasher]) {
    change {
      $0.peppers = peppers
      _ = $1
    }
  }

  /// The number of a project, also of one whose record is still to come.
  func number(of id: ProjectID) -> UInt32 {
    contents.withLock { Self.number(of: id, in: &$0) }
  }

  func intern(environment name: String) -> UInt16 {
    if let number = contents.withLock({ $0.environmentNumbers[name] }) { return number }
    return change { contents, _ in
      let number = UInt16(contents.environments.count)
      contents.environments.append(name)
      contents.environmentNumbers[name] = number
      return number
    }
  }

  private static func number(of id: ProjectID, in contents: inout Contents) -> UInt32 {
    if let number = contents.numbers[id] { return number }
    let number = UInt32(contents.projects.count)
    contents.projects.append(nil)
    contents.changedAt.append(0)
    contents.numbers[id] = number
    return number
  }

  private func change<R>(_ body: (inout Contents, UInt64) -> sending R) -> sending R {
    contents.withLock { contents in
      let generation = changes.load(ordering: .relaxed) + 1
      let result = body(&contents, generation)
      changes.store(generation, ordering: .releasing)
      return result
    }
  }
}
