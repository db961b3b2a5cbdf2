// Rows that are JSON objects, one a line. They are sent on as they stand; only that each is one is
// looked at here, because the server would refuse all rows of a request for the sake of one.
internal import KeyModel

struct NDJSONRows: RowReader {
  private var bytes: ByteStream

  init(_ source: ByteSource) throws { bytes = try ByteStream(source) }

  mutating func next() throws -> ImportRecord? {
    while let (line, text) = try lineOfText() {
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      do {
        guard try JSONReader.read(text).object != nil else {
          throw RowFault(line: line, "must be a JSON object")
        }
      } catch let error as JSONError {
        throw RowFault(line: line, column: error.column, error.message)
      }
      return ImportRecord(line: line, json: text)
    }
    return nil
  }

  private mutating func lineOfText() throws -> (line: Int, text: [UInt8])? {
    guard try bytes.peek() != nil else { return nil }
    let line = bytes.line
    var text: [UInt8] = []
    while let byte = try bytes.peek() {
      bytes.advance()
      if byte == 0x0A { break }
      text.append(byte)
      guard text.count <= RowLimit.bytes else {
        try bytes.skipLine()
        throw RowFault(line: line, "is too long")
      }
    }
    return (line, text)
  }
}
