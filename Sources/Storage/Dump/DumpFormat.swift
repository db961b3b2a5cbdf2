// The one logical form of a store, the same for both engines: lines of JSON. The first names the
// format and the schema; `{"table":…,"columns":[…]}` begins a table, whose rows follow as arrays
// (bytes as `{"b":"<hex>"}`); the last has the number of rows and a checksum of all lines
// before it, so that a cut or damaged file is never taken for a whole one.
internal import KeyModel

/// Why a dump cannot be written or read back. `line` counts from 1.
package enum DumpError: Error, Hashable, Sendable {
  /// The file cannot be made, written or read: the C library's error number.
  case file(errno: Int32)
  case notADump
  /// Made under another schema: restore it with the version that wrote it.
  case otherSchema(found: Int64, known: Int64)
  case malformed(line: Int)
  /// The last line is missing, or does not fit those before it.
  case damaged
  /// The store to be filled has something in it.
  case notEmpty
}

enum DumpFormat {
  static let version: Int64 = 1

  /// Parents before children. A table's rows come in the order of its key, so that equal stores
  /// make equal dumps.
  static let tables: [(name: String, order: String)] = [
    ("projects", "id"), ("accounts", "id"), ("applications", "id"), ("members", "id"),
    ("keys", "id"),
    ("key_versions", "key_id, number"), ("key_usage", "key_id, version_id"),
    ("key_days", "key_id, day"), ("quotas", "subject"), ("quota_log", "number"),
    ("auto_cycling", "account_id, environment"), ("cycles", "id"),
    ("key_callers", "key_id, version_id, address, user_agent, route"),
    ("webhooks", "id"), ("webhook_queues", "webhook_id"), ("events", "id"), ("deliveries", "id"),
    ("mails", "id"), ("leaks", "version_id, url"), ("batch_marks", "writer"),
    ("operator_keys", "id"), ("audit", "sequence"), ("idempotency", "principal, route, key"),
    ("keyring", "id"), ("meta", "name"), ("feed", "id"), ("changes", "position"),
  ]

  static func head(schema: Int64) -> JSONValue {
    ["latchkey_dump": .integer(version), "schema": .integer(schema)]
  }

  static func table(_ name: String, columns: [String]) -> JSONValue {
    ["table": .string(name), "columns": .array(columns.map { .string($0) })]
  }

  static func end(rows: Int64, checksum: UInt32) -> JSONValue {
    ["rows": .integer(rows), "checksum": .integer(Int64(checksum))]
  }

  static func write(_ value: SQLValue, into line: inout [UInt8]) {
    switch value {
    case .null: line += "null".utf8
    case .integer(let integer): line += String(integer).utf8
    case .text(let text): JSONWriter.writeString(text, into: &line)
    case .blob, .id, .lookup:
      line += #"{"b":""#.utf8
      value.withBytes { line += Hex.encode($0).utf8 }
      line += #""}"#.utf8
    }
  }

  /// Nil where the value is none that `write` makes.
  static func value(_ json: JSONValue) -> SQLValue? {
    switch json {
    case .null: .null
    case .integer(let integer): .integer(integer)
    case .string(let text): .text(text)
    case .object: json["b"]?.string.flatMap { Hex.decode($0) }.map { .blob($0) }
    default: nil
    }
  }

  /// Over lines in their order; `line` has no line feed.
  static func checksum(_ sum: UInt32, adding line: [UInt8]) -> UInt32 {
    let one = line.withUnsafeBytes { CRC32.checksum($0) }
    return (sum << 1 | sum >> 31) ^ one
  }
}
