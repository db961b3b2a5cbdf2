// How a request record looks: the members of the contract, and the columns of an export.
internal import KeyModel

extension Represent {
  /// - Parameter address: empty where it is not known.
  static func request(_ record: RequestRecord, address: String) -> JSONObject {
    let status: JSONValue = record.status == 0 ? .null : .integer(Int64(record.status))
    let waited: JSONValue = record.upstreamLatencyMicroseconds.map(milliseconds) ?? .null
    var object: JSONObject = [
      "id": .string(record.id.description),
      "time": time(record.time),
      "key_id": text(record.keyID?.description),
      "version_id": text(record.versionID?.description),
      "account_id": text(record.accountID?.description),
      "application_id": text(record.applicationID?.description),
      "environment": told(record.environment),
      "brand": told(record.brand),
      "method": told(record.method),
      "path": told(record.path),
      "status": status,
      "latency_ms": milliseconds(record.latencyMicroseconds),
      "upstream_latency_ms": waited,
      "bytes_in": .integer(record.bytesIn),
      "bytes_out": .integer(record.bytesOut),
      "address": told(address),
      "user_agent": told(record.userAgent),
      "denial": text(record.denial?.name),
      "how_to_fix": text(record.denial?.remedy),
      "way": .string(record.way.name),
    ]
    if !record.headers.isEmpty { object["headers"] = headers(record.headers) }
    return object
  }

  /// The members of `request` that every record has, in their order: the columns of a table.
  static let requestColumns = [
    "id", "time", "key_id", "version_id", "account_id", "application_id", "environment", "brand",
    "method", "path", "status", "latency_ms", "upstream_latency_ms", "bytes_in", "bytes_out",
    "address", "user_agent", "denial", "how_to_fix", "way",
  ]

  private static func told(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }

  private static func milliseconds(_ microseconds: Int64) -> JSONValue {
    .decimal(Double(microseconds) / 1000)
  }

  /// A list of values for each name, since a header may come more than once.
  private static func headers(_ lines: String) -> JSONValue {
    var object = JSONObject()
    for line in lines.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      let name = String(line[..<colon])
      object[name] = .array((object[name]?.array ?? []) + [.string(String(value))])
    }
    return .object(object)
  }
}

/// RFC 4180, with cells that a spreadsheet would take for a formula made harmless.
enum CSV {
  static func line(_ cells: [String]) -> [UInt8] {
    Array((cells.map(cell).joined(separator: ",") + "\r\n").utf8)
  }

  static func cell(_ text: String) -> String {
    let safe = isFormula(text) ? "'" + text : text
    let needsQuotes = safe.utf8.contains { byte in
      byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte < 0x20
    }
    return needsQuotes ? "\"" + safe.replacing("\"", with: "\"\"") + "\"" : safe
  }

  private static func isFormula(_ text: String) -> Bool {
    switch text.utf8.first {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D:
      true
    default: false
    }
  }

  static func text(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null: ""
    case .string(let text): text
    case .some(let other): JSONWriter.compactText(other)
    }
  }
}
