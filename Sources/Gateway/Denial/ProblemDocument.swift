// The body that RFC 9457 gives a refusal, for whatever the gateway refuses itself. What it says is
// its caller's; no text of the refused call may be in it.
import KeyModel

enum ProblemDocument {
  /// - Parameters:
  ///   - code: stable, and the end of `type`.
  ///   - requestID: in words of its own or as the placeholder that stands for it.
  static func make(
    code: String, title: String, status: Int, detail: String, requestID: String
  ) -> JSONObject {
    var object = JSONObject()
    object["type"] = .string("urn:latchkey:problem:\(code)")
    object["title"] = .string(title)
    object["status"] = .integer(Int64(status))
    object["detail"] = .string(detail)
    // Not the path, which is the caller's text.
    object["instance"] = .string("urn:latchkey:request:\(requestID)")
    object["code"] = .string(code)
    object["request_id"] = .string(requestID)
    return object
  }
}
