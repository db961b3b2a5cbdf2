// Lists and documents that are stored as JSON text because no query looks inside them.
internal import KeyModel

enum JSONColumn {
  static func text(_ list: [String]) -> SQLValue {
    .text(list.isEmpty ? "[]" : JSONWriter.compactText(.array(list.map { .string($0) })))
  }

  /// NULL where empty, which nearly all keys' are: start-up then reads nothing.
  static func text(_ routes: [RoutePattern]) -> SQLValue {
    if routes.isEmpty { return .null }
    return .text(
      JSONWriter.compactText(.array(routes.map { .array([.string($0.method), .string($0.path)]) })))
  }

  static func text(_ document: JSONValue) -> SQLValue { .text(JSONWriter.compactText(document)) }

  static func read(_ text: String) throws(StoreError) -> JSONValue {
    do {
      return try JSONReader.read(text, maximumDepth: 256)
    } catch {
      throw .corrupt("JSON in a column: \(error.reason)")
    }
  }
}

extension Row {
  func json(_ column: Int) throws(StoreError) -> JSONValue { try JSONColumn.read(text(column)) }

  func strings(_ column: Int) throws(StoreError) -> [String] {
    if isText(column, "[]") { return [] }
    guard let array = try json(column).array else { throw .corrupt("not a list") }
    return try array.map { (item: JSONValue) throws(StoreError) in
      guard let text = item.string else { throw .corrupt("not a list of texts") }
      return text
    }
  }

  func routes(_ column: Int) throws(StoreError) -> [RoutePattern] {
    if isNull(column) { return [] }
    guard let array = try json(column).array else { throw .corrupt("not a list of routes") }
    return try array.map { (item: JSONValue) throws(StoreError) in
      guard let pair = item.array, pair.count == 2, let method = pair[0].string,
        let path = pair[1].string
      else { throw .corrupt("not a route") }
      return RoutePattern(method: method, path: path)
    }
  }
}
