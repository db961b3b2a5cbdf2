// What a refused caller is told where the policy says nothing else. Unknown, malformed and revoked
// keys share one answer, so that nothing can be learnt by trying keys.
import KeyModel

enum DenialWords {
  static func name(of code: DecisionCode) -> String {
    switch code {
    case .malformed, .notFound, .revoked: ErrorTemplate.groupName
    default: code.name
    }
  }

  static func status(of code: DecisionCode) -> Int {
    switch code {
    case .valid: 200
    case .missing, .malformed, .notFound, .revoked, .expired, .wrongEnvironment: 401
    case .readOnly, .routeNotAllowed, .accountSuspended: 403
    case .quotaExceeded, .rateLimited, .concurrencyExceeded: 429
    }
  }

  static func title(of code: DecisionCode) -> String {
    switch code {
    case .valid: "The key is valid"
    case .missing: "A key is needed"
    case .malformed, .notFound, .revoked: "The key is not valid"
    case .expired: "The key is expired"
    case .wrongEnvironment: "The key belongs to another environment"
    case .readOnly: "The key may only read"
    case .routeNotAllowed: "The key may not call this route"
    case .quotaExceeded: "The quota is used up"
    case .rateLimited: "Too many calls"
    case .concurrencyExceeded: "Too many calls at once"
    case .accountSuspended: "The account is suspended"
    }
  }

  static func message(for code: DecisionCode) -> String {
    switch code {
    case .valid: "The key is valid."
    case .missing: "Authentication credentials were not provided."
    case .malformed, .notFound, .revoked: "The API key is not valid."
    case .expired: "The API key is expired."
    case .wrongEnvironment: "The API key belongs to another environment."
    case .readOnly: "The API key is read-only."
    case .routeNotAllowed: "The API key is not permitted to access this route."
    case .quotaExceeded: "The quota is used up until it resets."
    case .rateLimited: "Too many calls; try again later."
    case .concurrencyExceeded: "Too many calls at the same time."
    case .accountSuspended: "The account is suspended."
    }
  }

  /// RFC 9457 with the instance still to be filled in.
  static func problem(for code: DecisionCode) -> [UInt8] {
    let object = ProblemDocument.make(
      code: name(of: code), title: title(of: code), status: status(of: code),
      detail: message(for: code), requestID: "{request_id}")
    return JSONWriter.compact(.object(object))
  }
}
