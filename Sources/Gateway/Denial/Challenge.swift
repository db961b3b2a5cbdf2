// The `WWW-Authenticate` value of a refusal: RFC 9110 §11.6.1 wants one on every 401, RFC 6750 §3
// says what a Bearer challenge may tell.
import KeyModel

enum Challenge {
  /// Nil where the answer carries none. `realm` is a slug: it needs no quoting.
  static func value(
    code: DecisionCode, status: Int, scheme: CredentialScheme, realm: String
  ) -> String? {
    switch scheme {
    case .bearer: return bearer(code: code, status: status, realm: realm)
    case .basic: return status == 401 ? "Basic realm=\"\(realm)\", charset=\"UTF-8\"" : nil
    case .header, .headerPair: return status == 401 ? "APIKey realm=\"\(realm)\"" : nil
    case .authorizationPair(_, let scheme):
      return status == 401 ? "\(scheme) realm=\"\(realm)\"" : nil
    }
  }

  private static func bearer(code: DecisionCode, status: Int, realm: String) -> String? {
    let challenge = "Bearer realm=\"\(realm)\""
    switch (status, code) {
    // RFC 6750 §3.1: no error code where no credentials were sent.
    case (401, .missing): return challenge
    case (401, _): return challenge + ", error=\"invalid_token\""
    case (403, .readOnly), (403, .routeNotAllowed):
      return challenge + ", error=\"insufficient_scope\""
    default: return nil
    }
  }
}
