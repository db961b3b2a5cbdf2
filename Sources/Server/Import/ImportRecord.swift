// One row of an import file on its way to the server, and why a row cannot be one.

struct ImportRecord: Sendable {
  /// Where it begins.
  var line: Int
  /// The row as the management API takes it.
  var json: [UInt8]
}

/// A row that cannot be read, or one that the server refused. Never quotes what stands in it.
struct RowFault: Error, Sendable {
  var line: Int
  var column: Int?
  var code: String
  var detail: String
  var keyID: String?

  static let unreadable = "unreadable_row"

  init(line: Int, column: Int? = nil, code: String = unreadable, _ detail: String) {
    self.line = line
    self.column = column
    self.code = code
    self.detail = detail
  }

  var text: String {
    let place = column.map { "line \(line), column \($0)" } ?? "line \(line)"
    return "\(place): \(code): \(detail)"
  }
}

/// The rows of a file, in their order.
protocol RowReader {
  /// Nil at the end. Throws `RowFault` for a row that is left out, after which the next may be
  /// read, and `ToolError` where the file cannot be read any further.
  mutating func next() throws -> ImportRecord?
}

enum RowLimit {
  /// Bytes of one row: what is longer is a quotation mark that was never closed, or no text.
  static let bytes = 64 * 1024
}
