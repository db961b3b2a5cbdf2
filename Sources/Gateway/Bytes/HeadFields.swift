// The fields of a head as whoever decides on them sees them: the engine's list in production, a
// list made by hand in tests.
import HTTPServer
import Verification

protocol HeadFields: HeaderSource {
  var count: Int { get }
  func name(_ index: Int) -> UnsafeRawBufferPointer
  func value(_ index: Int) -> UnsafeRawBufferPointer
  /// The value of the only field of this name; nil where there is none or more than one.
  func only(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer?
}

extension HeadFields {
  func forEach(header lowercaseName: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    for index in 0..<count where ByteText.equal(name(index), ignoringCase: lowercaseName) {
      body(value(index))
    }
  }

  func hasField(readAsOneOf names: [[UInt8]]) -> Bool {
    for index in 0..<count {
      for candidate in names where ByteText.equal(folded: name(index), candidate) { return true }
    }
    return false
  }

  func contains(
    valueBeside names: [[UInt8]], lengths: ClosedRange<Int>,
    where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    for index in 0..<count {
      let value = value(index)
      guard lengths.contains(value.count) else { continue }
      let name = name(index)
      if names.contains(where: { ByteText.equal(name, ignoringCase: $0) }) { continue }
      if passes(value) { return true }
    }
    return false
  }

  func occurrences(_ lowercaseName: [UInt8]) -> Int {
    var found = 0
    for index in 0..<count where ByteText.equal(name(index), ignoringCase: lowercaseName) {
      found += 1
    }
    return found
  }

  /// The value of the only field of this name; nil where there is none or more than one.
  func only(_ lowercaseName: [UInt8]) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    for index in 0..<count where ByteText.equal(name(index), ignoringCase: lowercaseName) {
      if found != nil { return nil }
      found = value(index)
    }
    return found
  }

  func only(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    for index in 0..<count where ByteText.equal(name(index), ignoringCase: lowercaseName) {
      if found != nil { return nil }
      found = value(index)
    }
    return found
  }
}

struct EngineFields: HeadFields {
  let list: HeaderList
  var count: Int { list.count }
  func name(_ index: Int) -> UnsafeRawBufferPointer { list.name(index) }
  func value(_ index: Int) -> UnsafeRawBufferPointer { list.value(index) }
  func only(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? { list.first(lowercaseName) }
}
