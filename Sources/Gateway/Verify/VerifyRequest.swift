// What the body of POST /v1/verify says, as slices of that body, and the reader that refuses
// every body that does not say exactly this.
import HTTPServer

/// A refusal of a body: 400 with one finding.
struct BodyRefusal: Error {
  enum Code {
    case malformedJSON, validationFailed
  }
  var code: Code
  /// JSON pointer to what is wrong.
  var pointer: String
  /// Completes "this member …".
  var detail: String

  static func invalid(_ pointer: String, _ detail: String) -> BodyRefusal {
    BodyRefusal(code: .validationFailed, pointer: pointer, detail: detail)
  }
}

/// All slices are borrowed from the body.
struct VerifyRequest {
  var project: UnsafeRawBufferPointer?
  var key: UnsafeRawBufferPointer?
  /// The fields themselves are in the `FieldList` that was given to the reader.
  var hasHeaders = false
  var method: UnsafeRawBufferPointer?
  /// With its query where the caller gave one.
  var path: UnsafeRawBufferPointer?
  var host: UnsafeRawBufferPointer?
  var address: IPAddress?
  var userAgent: UnsafeRawBufferPointer?
  var brand: UnsafeRawBufferPointer?
  var status: Int64?
  var dryRun = false
  var leaseSeconds: Int64?
}

struct VerifyReader {
  /// Fields of one call that are read; what an HTTP server would refuse is refused here too.
  static let maximumHeaders = 200

  private var reader: PullReader
  private let fields: FieldList
  private var request = VerifyRequest()
  private var seen: UInt32 = 0

  /// - Parameters:
  ///   - body: changed while it is read; must outlive the result and `fields`.
  ///   - fields: emptied, then filled with the members of `headers`.
  static func read(
    _ body: UnsafeMutableRawBufferPointer, fields: FieldList
  ) throws(BodyRefusal) -> VerifyRequest {
    fields.reset()
    let refusal: BodyRefusal
    do throws(PullError) {
      var reader = VerifyReader(reader: try PullReader(body), fields: fields)
      guard let found = try reader.document() else { return reader.request }
      refusal = found
    } catch {
      throw BodyRefusal(
        code: .malformedJSON, pointer: "",
        detail: "is not JSON: \(error.detail) at byte \(error.offset)")
    }
    throw refusal
  }

  private init(reader: PullReader, fields: FieldList) {
    self.reader = reader
    self.fields = fields
  }

  /// Two kinds of error leave by two ways: not JSON is thrown, not valid is the result.
  private mutating func document() throws(PullError) -> BodyRefusal? {
    guard try reader.kind() == .object else { return .invalid("", "must be an object") }
    reader.open()
    var first = true
    while let name = try reader.nextName(first: first) {
      first = false
      if let refusal = try member(name) { return refusal }
    }
    try reader.end()
    return incompleteness
  }

  /// Nil where all that must be there is there.
  private var incompleteness: BodyRefusal? {
    guard let project = request.project else { return .invalid("/project", "is required") }
    guard project.count > 0 else { return .invalid("/project", "must not be empty") }
    if request.key == nil, !request.hasHeaders {
      return .invalid("/key", "is required where headers are not given")
    }
    if request.key != nil, request.hasHeaders {
      return .invalid("/headers", "must not stand beside /key")
    }
    return nil
  }

  private enum Field: UInt32 {
    case project, key, headers, method, path, host, address, userAgent, brand, status, dryRun
    case leaseSeconds
  }

  private static func field(_ name: UnsafeRawBufferPointer) -> Field? {
    if ByteText.equal(name, "project") { return .project }
    if ByteText.equal(name, "key") { return .key }
    if ByteText.equal(name, "headers") { return .headers }
    if ByteText.equal(name, "method") { return .method }
    if ByteText.equal(name, "path") { return .path }
    if ByteText.equal(name, "host") { return .host }
    if ByteText.equal(name, "address") { return .address }
    if ByteText.equal(name, "user_agent") { return .userAgent }
    if ByteText.equal(name, "brand") { return .brand }
    if ByteText.equal(name, "status") { return .status }
    if ByteText.equal(name, "dry_run") { return .dryRun }
    if ByteText.equal(name, "lease_seconds") { return .leaseSeconds }
    return nil
  }

  private mutating func member(_ name: UnsafeRawBufferPointer) throws(PullError) -> BodyRefusal? {
    guard let field = Self.field(name) else {
      return .invalid(pointer(name), "is not a field of this request")
    }
    guard seen & 1 << field.rawValue == 0 else {
      return .invalid(pointer(name), "stands there twice")
    }
    seen |= 1 << field.rawValue
    let kind = try reader.kind()
    if kind == .literal, field != .dryRun {
      let isNull = try reader.literal() == nil
      // A client that sends null for what it does not know says what leaving it out says.
      return isNull && field != .project ? nil : .invalid(pointer(name), wanted(field))
    }
    switch (field, kind) {
    case (.headers, .object): return try headers()
    case (.status, .number): return status(try reader.integer())
    case (.leaseSeconds, .number): return lease(try reader.integer())
    case (.dryRun, .literal):
      request.dryRun = try reader.literal() ?? false
      return nil
    case (.headers, _), (.status, _), (.dryRun, _), (.leaseSeconds, _):
      return .invalid(pointer(name), wanted(field))
    case (_, .string): return text(try reader.string(), field)
    default: return .invalid(pointer(name), wanted(field))
    }
  }

  private func wanted(_ field: Field) -> String {
    switch field {
    case .headers: "must be an object"
    case .status, .leaseSeconds: "must be an integer"
    case .dryRun: "must be true or false"
    default: "must be a string"
    }
  }

  private mutating func status(_ value: Int64?) -> BodyRefusal? {
    guard let value, (100...599).contains(value) else {
      return .invalid("/status", "must be an integer from 100 to 599")
    }
    request.status = value
    return nil
  }

  private mutating func lease(_ value: Int64?) -> BodyRefusal? {
    guard let value, LeaseText.range.contains(value) else {
      return .invalid("/lease_seconds", LeaseText.wanted)
    }
    request.leaseSeconds = value
    return nil
  }

  private mutating func text(_ value: UnsafeRawBufferPointer, _ field: Field) -> BodyRefusal? {
    switch field {
    case .project: request.project = value
    case .key: request.key = value
    case .userAgent: request.userAgent = value
    case .brand: request.brand = value
    case .method:
      guard ByteText.isToken(value) else { return .invalid("/method", "must be an HTTP method") }
      request.method = value
    case .path:
      guard value.first == UInt8(ascii: "/"), Self.isVisible(value) else {
        return .invalid("/path", "must begin with a slash and hold no space")
      }
      request.path = value
    case .host:
      guard value.count > 0, Self.isVisible(value) else {
        return .invalid("/host", "must be a host name")
      }
      request.host = value
    case .address:
      guard let address = IPAddress(String(decoding: value, as: UTF8.self)) else {
        return .invalid("/address", "must be an IP address")
      }
      request.address = address
    case .headers, .status, .dryRun, .leaseSeconds: break
    }
    return nil
  }

  private static func isVisible(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
  }

  // MARK: headers

  private mutating func headers() throws(PullError) -> BodyRefusal? {
    request.hasHeaders = true
    reader.open()
    var first = true
    while let name = try reader.nextName(first: first) {
      first = false
      if let detail = try header(name) {
        return .invalid("/headers" + pointer(name), String(describing: detail))
      }
      guard fields.count <= Self.maximumHeaders else {
        return .invalid("/headers", "must not hold more than \(Self.maximumHeaders) values")
      }
    }
    return nil
  }

  /// A string, or an array of strings for a header that came more than once. Nil where it is
  /// right, else what is wrong.
  private mutating func header(_ name: UnsafeRawBufferPointer) throws(PullError) -> StaticString? {
    guard ByteText.isToken(name) else { return "is not a header name" }
    for index in 0..<fields.count where ByteText.equal(fields.name(index), name) {
      return "stands there twice"
    }
    switch try reader.kind() {
    case .string: return try headerValue(name)
    case .array:
      reader.open()
      var first = true
      while try reader.nextElement(first: first) {
        first = false
        guard try reader.kind() == .string else { return "must hold strings" }
        if let detail = try headerValue(name) { return detail }
      }
      return nil
    default: return "must be a string or an array of strings"
    }
  }

  private mutating func headerValue(
    _ name: UnsafeRawBufferPointer
  ) throws(PullError) -> StaticString? {
    let value = try reader.string()
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
      return "holds a control character"
    }
    fields.append(name: name, value: ByteText.trimmed(value))
    return nil
  }

  /// RFC 6901: `~` and `/` of the name are escaped.
  private func pointer(_ name: UnsafeRawBufferPointer) -> String {
    var text = "/"
    for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
