// What the columns of a CSV file stand for in the management API's rows.
internal import KeyModel
internal import Management

struct ImportColumn: Sendable {
  /// Nil: left out.
  let field: String?

  /// Blanks and case do not matter.
  static func normalized(_ name: String) -> String { name.filter { $0 != " " }.lowercased() }

  /// Throws for a column that is no field, or one that stands twice.
  static func columns(
    of names: [String], renamed: [String: String]
  ) throws(ToolError) -> [ImportColumn] {
    for name in renamed.keys where !names.contains(name) {
      throw ToolError(.usage, "--column: the file has no column \(quoted(name))")
    }
    var columns: [ImportColumn] = []
    for (at, name) in names.enumerated() {
      let field = renamed[name] ?? name
      if field == "-" {
        columns.append(ImportColumn(field: nil))
        continue
      }
      guard ImportRow.fieldNames.contains(field) else {
        throw ToolError(.usage, "line 1: column \(at + 1), \(quoted(name)): \(advice(field))")
      }
      guard !columns.contains(where: { $0.field == field }) else {
        throw ToolError(.usage, "line 1: column \(at + 1): \(field) stands twice")
      }
      columns.append(ImportColumn(field: field))
    }
    return columns
  }

  private static func quoted(_ name: String) -> String { "\"\(Rendering.printable(name))\"" }

  private static func advice(_ field: String) -> String {
    "is no field of a key" + Nearest.hint(field, among: ImportRow.fieldNames)
      + ". Rename it with --column NAME=FIELD or leave it out with --column NAME=-"
  }

  /// What is wrong with a cell that is not empty. A list of nothing but separators is no list: as
  /// one without entries it would let the key call everything.
  func complaint(about cell: String) -> String? {
    guard field == "routes", cell.allSatisfy({ $0 == ";" || $0.isWhitespace }) else { return nil }
    return "routes: has separators and no route; an empty cell is a key that may call everything"
  }

  func write(_ cell: String, into json: inout [UInt8]) {
    guard field == "routes" else { return JSONWriter.writeString(cell, into: &json) }
    let routes = cell.split(separator: ";").map { RouteText.json(String($0)) }
    json += JSONWriter.compact(.array(routes))
  }
}

/// Routes as people write them: `GET /v1/*`, or `/v1/*` for every method.
enum RouteText {
  static func json(_ text: String) -> JSONValue {
    let words = text.split(separator: " ").map(String.init)
    return words.count == 2
      ? ["method": .string(words[0]), "path": .string(words[1])]
      : ["method": "*", "path": .string(words.joined(separator: " "))]
  }
}
