// Answers for people: tables and aligned lists. `--json` goes around this file.
internal import KeyModel

enum Rendering {
  /// A table of `columns` (dotted paths into each row), or one aligned list for a single object.
  static func text(_ value: JSONValue, columns: [String]) -> String {
    if !columns.isEmpty, let rows = value["data"]?.array ?? value["keys"]?.array {
      return rows.isEmpty ? "none\n" : table(rows, columns: columns)
    }
    guard let object = value.object else { return cell(value) + "\n" }
    return list(object)
  }

  static func table(_ rows: [JSONValue], columns: [String]) -> String {
    let cells = rows.map { row in columns.map { name in cell(find(name, in: row)) } }
    let heads = columns.map { $0.uppercased().replacing("_", with: " ") }
    return aligned([heads] + cells)
  }

  /// Lists of objects follow as tables of their own.
  static func list(_ object: JSONObject) -> String {
    let lines = object.members.filter { !isTable($0.value) }
    let width = lines.map(\.name.count).max() ?? 0
    let said = lines.map { pad($0.name, to: width) + "  " + cell($0.value) + "\n" }
    let tables = object.members.filter { isTable($0.value) }.map { member in
      let items = member.value.array ?? []
      let columns = items.first?.object?.members.map(\.name) ?? []
      return "\n" + member.name + ":\n" + table(items, columns: columns)
    }
    return (said + tables).joined()
  }

  private static func isTable(_ value: JSONValue) -> Bool {
    guard let items = value.array, !items.isEmpty else { return false }
    return items.allSatisfy { $0.object != nil }
  }

  static func aligned(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { at in rows.map { at < $0.count ? $0[at].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let padded = row.enumerated().map { at, text in
        at == row.count - 1 ? text : pad(text, to: widths[at])
      }
      return padded.joined(separator: "  ") + "\n"
    }.joined()
  }

  static func cell(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null: "-"
    case .string(let text): printable(text)
    case .integer(let number): String(number)
    case .bool(let flag): flag ? "yes" : "no"
    case .array(let items) where items.isEmpty: "-"
    case .array(let items) where items.allSatisfy({ $0.string != nil }):
      items.map { cell($0) }.joined(separator: ", ")
    case .some(let other): JSONWriter.compactText(other)
    }
  }

  /// What others wrote must not move the cursor or recolour the terminal.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let control = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          return control ? "\u{FFFD}" : scalar
        }))
  }

  private static func find(_ path: String, in row: JSONValue) -> JSONValue? {
    path.split(separator: ".").reduce(row as JSONValue?) { $0?[String($1)] }
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

enum JSONText {
  static func quoted(_ text: String) -> String { JSONWriter.compactText(.string(text)) }
}
