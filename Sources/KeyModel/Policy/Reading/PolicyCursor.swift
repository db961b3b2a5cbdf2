// Reads one object of a policy member by member into defaults that are already there, and knows
// afterwards which of its members nobody asked for.

final class PolicyCursor {
  let pointer: JSONPointer
  let problems: PolicyProblems
  private let object: JSONObject
  private var asked: [String] = []

  init(object: JSONObject, pointer: JSONPointer, problems: PolicyProblems) {
    self.object = object
    self.pointer = pointer
    self.problems = problems
  }

  /// Nil where the member is absent: its default then stays.
  func node(_ name: String) -> PolicyNode? {
    asked.append(name)
    return object[name].map {
      PolicyNode(value: $0, pointer: pointer.appending(name), problems: problems)
    }
  }

  func report(_ name: String, _ message: String) {
    problems.report(pointer.appending(name), message)
  }

  func reportUnknown() {
    for member in object.members where !asked.contains(member.name) {
      let nearest = NearestName.of(member.name, among: asked)
      report(member.name, "is an unknown knob" + (nearest.map { "; did you mean `\($0)`?" } ?? ""))
    }
  }

  /// Reads a member that must be there.
  func required<Value>(_ name: String, _ read: (PolicyNode) -> Value?) -> Value? {
    guard let node = node(name) else {
      report(name, "is missing")
      return nil
    }
    return read(node)
  }

  func read<Value>(_ name: String, _ value: inout Value, _ read: (PolicyNode) -> Value?) {
    if let node = node(name), let new = read(node) { value = new }
  }

  /// `null` is allowed and means that there is none.
  func readOptional<Value>(
    _ name: String, _ value: inout Value?, _ read: (PolicyNode) -> Value?
  ) {
    guard let node = node(name) else { return }
    if node.value == .null { value = nil } else if let new = read(node) { value = new }
  }

  func text(_ name: String, _ value: inout String, _ rule: TextRule) {
    read(name, &value) { $0.text(rule) }
  }

  func flag(_ name: String, _ value: inout Bool) { read(name, &value) { $0.flag() } }

  func integer<Number: BinaryInteger>(
    _ name: String, _ value: inout Number, _ range: ClosedRange<Int64>
  ) {
    read(name, &value) { $0.integer(range).map { Number($0) } }
  }

  func optionalInteger<Number: BinaryInteger>(
    _ name: String, _ value: inout Number?, _ range: ClosedRange<Int64>
  ) {
    readOptional(name, &value) { $0.integer(range).map { Number($0) } }
  }

  func choice<Choice: PolicyChoice & CaseIterable>(_ name: String, _ value: inout Choice) {
    read(name, &value) { $0.choice(Array(Choice.allCases)) }
  }

  /// A group of knobs; absent, all of them keep their defaults.
  func group(_ name: String, _ read: (PolicyCursor) -> Void) {
    _ = node(name)?.object { cursor -> Void? in read(cursor) }
  }

  func list<Element>(
    _ name: String, _ value: inout [Element], _ count: ClosedRange<Int>,
    _ read: (PolicyNode) -> Element?
  ) {
    self.read(name, &value) { $0.list(count, read) }
  }

  /// A list in which nothing may stand twice.
  func set<Element: Hashable>(
    _ name: String, _ value: inout [Element], _ count: ClosedRange<Int>,
    _ read: (PolicyNode) -> Element?
  ) {
    list(name, &value, count, read)
    if Set(value).count != value.count { report(name, "holds an entry twice") }
  }
}
