// What a self-service request may be, as far as its own bytes tell: who may manage keys at all, and
// bodies and fields that are refused.
import KeyModel
import Verification

enum SelfServiceRules {
  /// Bytes.
  static let bodyLimit = 64 * 1024

  /// Nil where the key may manage keys. A list that shows secrets is more than reading: it hands
  /// out keys that may write.
  static func denial(
    _ identity: Identity, _ action: SelfServiceRequest.Action, _ service: SelfService
  ) -> DecisionCode? {
    if identity.kind == .publishable { return .routeNotAllowed }
    if identity.access == .full { return nil }
    guard case .list = action else { return .readOnly }
    return service.listShowsSecrets ? .readOnly : nil
  }

  /// Other parameters say nothing here; values are judged by whoever lists.
  static func page(_ query: UnsafeRawBufferPointer?) -> SelfServiceRequest.Page {
    var page = SelfServiceRequest.Page()
    for field in (query ?? UnsafeRawBufferPointer(start: nil, count: 0)).split(
      separator: UInt8(ascii: "&"))
    {
      func value(_ name: StaticString) -> String? {
        let count = name.utf8CodeUnitCount
        guard field.count > count, field[field.startIndex + count] == UInt8(ascii: "="),
          ByteText.equal(UnsafeRawBufferPointer(rebasing: field.prefix(count)), name)
        else { return nil }
        return String(decoding: field.dropFirst(count + 1), as: UTF8.self)
      }
      page.limit = page.limit ?? value("limit")
      page.cursor = page.cursor ?? value("cursor")
    }
    return page
  }

  /// A way to send one method and mean another is no way in here, whoever sends it.
  static func methodOverride(
    _ fields: some HeadFields, query: UnsafeRawBufferPointer?
  ) -> SelfServiceRefusal? {
    let inHead = fields.hasField(readAsOneOf: MethodRule.overrideHeaders)
    guard inHead || query.map(MethodRule.overridesMethod) == true else { return nil }
    return SelfServiceRefusal(
      "malformed_request", status: 400, "A method override is not taken here.")
  }

  static func body(_ bytes: [UInt8]) throws(SelfServiceRefusal) -> JSONObject {
    if bytes.isEmpty { return JSONObject() }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(bytes)
    } catch {
      throw SelfServiceRefusal(
        "malformed_json", status: 400,
        "Line \(error.line), column \(error.column): \(error.message).")
    }
    guard let object = value.object else {
      throw SelfServiceRefusal("malformed_json", status: 400, "The body must be a JSON object.")
    }
    return object
  }

  /// Nil where there is none.
  static func idempotencyKey(
    _ fields: some HeadFields
  ) throws(SelfServiceRefusal) -> String? {
    guard fields.occurrences(idempotencyHeader) > 0 else { return nil }
    guard let value = fields.only(idempotencyHeader),
      let key = IdempotencyText.parse(String(decoding: ByteText.trimmed(value), as: UTF8.self))
    else {
      throw SelfServiceRefusal(
        "validation_failed", status: 400, "Idempotency-Key \(IdempotencyText.rule)")
    }
    return key
  }

  private static let idempotencyHeader = Array("idempotency-key".utf8)
}
