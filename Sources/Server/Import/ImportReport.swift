// The report of an import: each row that was not taken, as a line of JSON. Never what stood in it.
internal import Glibc
internal import KeyModel

struct ImportReport: Sendable {
  private let descriptor: Int32
  private let path: String

  init(_ path: String) throws(ToolError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ToolError(.config, "--report: \(FileError(path: path, code: errno))")
    }
  }

  func close() { _ = Glibc.close(descriptor) }

  func write(_ faults: [RowFault]) throws(ToolError) {
    var lines: [UInt8] = []
    for fault in faults {
      var line: JSONObject = ["line": .integer(Int64(fault.line))]
      if let column = fault.column { line["column"] = .integer(Int64(column)) }
      line["code"] = .string(fault.code)
      line["detail"] = .string(fault.detail)
      if let key = fault.keyID { line["key_id"] = .string(key) }
      JSONWriter.write(.object(line), into: &lines)
      lines.append(0x0A)
    }
    do throws(FileError) { try Files.writeAll(descriptor, lines, path: path) } catch {
      throw ToolError(.failure, "--report: \(error)")
    }
  }
}
