// Comma-separated rows (RFC 4180): quoted cells, a header line that names the columns, either line
// end, a byte order mark. What is not exactly that is refused with its line and column.
internal import KeyModel

struct CSVRows: RowReader {
  private var bytes: ByteStream
  private var columns: [ImportColumn] = []
  private var names: [String] = []

  /// Reads the header line.
  /// - Parameter renamed: fields by the names that the file gives their columns.
  init(_ source: ByteSource, renamed: [String: String]) throws {
    bytes = try ByteStream(source)
    do {
      guard let head = try cells() else { throw ToolError(.usage, "the file has no header line") }
      names = head.map(ImportColumn.normalized)
    } catch let fault as RowFault {
      throw ToolError(.usage, fault.text)
    }
    columns = try ImportColumn.columns(of: names, renamed: renamed)
  }

  mutating func next() throws -> ImportRecord? {
    while true {
      let line = bytes.line
      guard let cells = try cells() else { return nil }
      if cells.count == 1, cells[0].isEmpty { continue }
      guard cells.count == columns.count else {
        throw RowFault(
          line: line, "has \(cells.count) cells where the header has \(columns.count)")
      }
      for (cell, column) in zip(cells, columns) where !cell.isEmpty {
        guard let complaint = column.complaint(about: cell) else { continue }
        throw RowFault(line: line, code: ImportCode.validationFailed.rawValue, complaint)
      }
      return ImportRecord(line: line, json: json(cells))
    }
  }

  /// An empty cell says nothing.
  private func json(_ cells: [String]) -> [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "{")]
    for (cell, column) in zip(cells, columns) where !cell.isEmpty {
      guard let field = column.field else { continue }
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      JSONWriter.writeString(field, into: &json)
      json.append(UInt8(ascii: ":"))
      column.write(cell, into: &json)
    }
    json.append(UInt8(ascii: "}"))
    return json
  }

  // MARK: Cells

  /// The cells of the next line; nil at the end.
  private mutating func cells() throws -> [String]? {
    guard try bytes.peek() != nil else { return nil }
    let start = bytes.line
    var cells: [String] = []
    var size = 0
    while true {
      let cell = try bytes.peek() == UInt8(ascii: "\"") ? quoted(from: start) : plain(from: start)
      size += cell.count
      guard size <= RowLimit.bytes else { throw try leave(start, "is too long") }
      guard let text = String(validating: cell, as: UTF8.self) else {
        throw try leave(start, "is not UTF-8")
      }
      cells.append(text)
      guard let byte = try bytes.peek() else { return cells }
      if byte == UInt8(ascii: ",") {
        bytes.advance()
        continue
      }
      if byte == 0x0D { bytes.advance() }
      guard let end = try bytes.peek() else { return cells }
      guard end == 0x0A else {
        throw try leave(
          start, byte == 0x0D ? "has a bare carriage return" : "has text after a quoted cell")
      }
      bytes.advance()
      return cells
    }
  }

  /// Stops on what ends it.
  private mutating func plain(from start: Int) throws -> [UInt8] {
    var cell: [UInt8] = []
    while let byte = try bytes.peek() {
      switch byte {
      case UInt8(ascii: ","), 0x0A, 0x0D: return cell
      case UInt8(ascii: "\""):
        throw try leave(start, "has a quotation mark in a cell that does not begin with one")
      default: cell.append(byte)
      }
      bytes.advance()
      guard cell.count <= RowLimit.bytes else { throw try leave(start, "is too long") }
    }
    return cell
  }

  private mutating func quoted(from start: Int) throws -> [UInt8] {
    let (line, column) = (bytes.line, bytes.column)
    bytes.advance()
    var cell: [UInt8] = []
    while let byte = try bytes.peek() {
      bytes.advance()
      if byte == UInt8(ascii: "\"") {
        guard try bytes.peek() == UInt8(ascii: "\"") else { return cell }
        bytes.advance()
      }
      cell.append(byte)
      guard cell.count <= RowLimit.bytes else { break }
    }
    throw ToolError(
      .usage, "line \(line), column \(column): a quotation mark that is never closed")
  }

  /// The fault at this place, after the rest of the line was skipped.
  private mutating func leave(_ start: Int, _ detail: String) throws -> RowFault {
    let fault = RowFault(
      line: start, column: bytes.line == start ? bytes.column : nil, detail)
    try bytes.skipLine()
    return fault
  }
}
