// Typed reading of one value of a policy document. Every getter reports what is wrong and gives
// nil; nobody stops at the first problem.

struct PolicyNode {
  let value: JSONValue
  let pointer: JSONPointer
  let problems: PolicyProblems

  func report(_ message: String) { problems.report(pointer, message) }

  private func mustBe(_ wording: String) { report("must be \(wording)") }

  func text(_ rule: TextRule) -> String? {
    if let text = value.string, rule.accepts(text) { return text }
    mustBe(rule.wording)
    return nil
  }

  func integer(_ range: ClosedRange<Int64>) -> Int64? {
    if let integer = value.integer, range.contains(integer) { return integer }
    mustBe("an integer from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  func flag() -> Bool? {
    if let flag = value.bool { return flag }
    mustBe("true or false")
    return nil
  }

  func choice<Choice: PolicyChoice>(_ allowed: [Choice]) -> Choice? {
    if let name = value.string, let choice = allowed.first(where: { $0.policyName == name }) {
      return choice
    }
    mustBe("one of " + allowed.map { "`\($0.policyName)`" }.joined(separator: ", "))
    return nil
  }

  /// Seconds after midnight.
  func timeOfDay() -> Int64? {
    if let text = value.string, let seconds = Self.seconds(ofTime: text) { return seconds }
    mustBe("a UTC time from `00:00` to `23:59`")
    return nil
  }

  private static func seconds(ofTime text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
    let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int64($0 &- UInt8(ascii: "0")) }
    guard digits.allSatisfy({ $0 < 10 }) else { return nil }
    let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
    return hours < 24 && minutes < 60 ? hours * 3600 + minutes * 60 : nil
  }

  /// Reads an object; whatever `read` did not ask for is reported as unknown.
  func object<Result>(_ read: (PolicyCursor) -> Result?) -> Result? {
    guard case .object(let object) = value else {
      mustBe("an object")
      return nil
    }
    let cursor = PolicyCursor(object: object, pointer: pointer, problems: problems)
    let result = read(cursor)
    cursor.reportUnknown()
    return result
  }

  /// An object whose inside is nobody's business here.
  func anyObject() -> JSONValue? {
    if case .object = value { return value }
    mustBe("an object")
    return nil
  }

  func list<Element>(
    _ count: ClosedRange<Int>, _ read: (PolicyNode) -> Element?
  ) -> [Element]? {
    guard case .array(let values) = value, count.contains(values.count) else {
      mustBe("a list of \(count.lowerBound) to \(count.upperBound) entries")
      return nil
    }
    return values.enumerated().compactMap { index, value in
      read(PolicyNode(value: value, pointer: pointer.appending(index), problems: problems))
    }
  }

  /// The members of an object whose names are the policy's to choose.
  func members<Element>(_ read: (String, PolicyNode) -> Element?) -> [Element]? {
    guard case .object(let object) = value else {
      mustBe("an object")
      return nil
    }
    return object.members.compactMap { member in
      let pointer = pointer.appending(member.name)
      return read(
        member.name, PolicyNode(value: member.value, pointer: pointer, problems: problems))
    }
  }
}

/// A value that a policy names by a word.
protocol PolicyChoice: Hashable { var policyName: String { get } }

extension PolicyChoice where Self: RawRepresentable, RawValue == String {
  var policyName: String { rawValue }
}
