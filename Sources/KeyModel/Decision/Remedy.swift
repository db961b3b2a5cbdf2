// What a caller can do about a refusal: one plain sentence for each code. Request records, exports
// and docs/logs.md take their words from here.

extension DecisionCode {
  /// Nil where nothing was refused.
  package var remedy: String? {
    switch self {
    case .valid: nil
    case .missing: "Send the key with the call, in the way the API's documentation describes."
    case .malformed:
      "Copy the whole key again: it is cut off, altered, of another API, or sent more than once."
    case .notFound: "Use a key of this API that still exists; this one was never issued or is gone."
    case .revoked: "Create a new key, or use the newest secret of this one: it was ended for good."
    case .expired: "Create a new key, or set a later end for this one."
    case .wrongEnvironment: "Use a key of the environment that the call went to."
    case .readOnly: "Use a key with full access, or only GET, HEAD and OPTIONS."
    case .routeNotAllowed: "Add the route to the key, or use a key that may call it."
    case .quotaExceeded: "Wait until the quota starts anew, or ask for a larger one."
    case .rateLimited: "Call less often; wait as long as Retry-After says before trying again."
    case .concurrencyExceeded: "Wait for calls in flight to end before starting more."
    case .accountSuspended: "Ask the API's operator why the account is suspended."
    }
  }
}
