// JSON as tests read it: by member and index, nothing where there is nothing.
import Foundation

struct JSON: CustomStringConvertible, ExpressibleByStringLiteral {
  let value: Any?

  init(_ value: Any?) { self.value = value is NSNull ? nil : value }
  init(stringLiteral value: String) { self.value = value }

  init(parsing bytes: Data) throws {
    do {
      value = try JSONSerialization.jsonObject(with: bytes, options: [.fragmentsAllowed])
    } catch {
      throw Failure("not JSON: \(String(decoding: bytes.prefix(300), as: UTF8.self))")
    }
  }

  subscript(name: String) -> JSON { JSON((value as? [String: Any])?[name]) }
  subscript(index: Int) -> JSON {
    let array = value as? [Any] ?? []
    return JSON(array.indices.contains(index) ? array[index] : nil)
  }
  var string: String? { value as? String }
  var int: Int? { (value as? NSNumber)?.intValue }
  var bool: Bool? { (value as? NSNumber)?.boolValue }
  var array: [JSON]? { (value as? [Any])?.map { JSON($0) } }
  var names: Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
  var exists: Bool { value != nil }
  var description: String { JSON.text(value ?? NSNull()) }

  func text() throws -> String {
    guard let string else { throw Failure("no text in \(self)") }
    return string
  }

  static func text(_ value: Any) -> String {
    let options: JSONSerialization.WritingOptions = [
      .fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes,
    ]
    let data = try? JSONSerialization.data(withJSONObject: value, options: options)
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
  }
}
