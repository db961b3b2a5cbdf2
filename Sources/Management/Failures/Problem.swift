// A refusal as a value: what RFC 9457 needs, without HTTP. It must never hold a secret.

package import KeyModel

package struct Problem: Error, Sendable, Hashable {
  /// One thing that is wrong with the request.
  package struct Finding: Sendable, Hashable {
    /// JSON pointer into the body; nil where `parameter` is set.
    package var pointer: String?
    /// Name of the query parameter or header.
    package var parameter: String?
    /// Completes "this field …".
    package var detail: String

    package init(pointer: String, _ detail: String) {
      self.pointer = pointer
      self.detail = detail
    }

    package init(parameter: String, _ detail: String) {
      self.parameter = parameter
      self.detail = detail
    }

    fileprivate func sentence(others: Int) -> String {
      if let parameter {
        return FaultSentence.make(parameter: parameter, detail, others: others)
      }
      return FaultSentence.make(pointer: pointer ?? "", detail, others: others)
    }
  }

  package var code: ProblemCode
  package var detail: String
  package var findings: [Finding] = []
  /// Members of the problem's own (RFC 9457 §3.2): `callers` of `key_in_use`.
  package var members: JSONObject = [:]
  /// Set for `insufficient_scope`.
  package var scope: Scope?
  /// Methods that the path has; set for `method_not_allowed`.
  package var allow: [String] = []
  /// False where no credential was presented: the challenge then has no error attribute.
  package var invalidToken = false
  /// Seconds, for 503.
  package var retryAfter: Int?

  package init(_ code: ProblemCode, _ detail: String, findings: [Finding] = []) {
    self.code = code
    self.detail = detail
    self.findings = findings
  }

  package func with(scope: Scope) -> Problem {
    var copy = self
    copy.scope = scope
    return copy
  }

  /// The same words whatever is missing, so that nothing is told about other tenants' objects.
  package static func notFound() -> Problem {
    Problem(.notFound, "There is no such object, or it is not yours.")
  }

  package static func invalid(_ findings: [Finding]) -> Problem {
    Problem(
      .validationFailed, findings.first?.sentence(others: findings.count - 1) ?? "Not valid.",
      findings: findings)
  }

  package static func invalid(_ pointer: String, _ detail: String) -> Problem {
    .invalid([Finding(pointer: pointer, detail)])
  }

  package static func invalid(parameter: String, _ detail: String) -> Problem {
    .invalid([Finding(parameter: parameter, detail)])
  }

  package static func unauthorized(invalidToken: Bool) -> Problem {
    var problem = Problem(
      .unauthorized,
      invalidToken
        ? "The operator key is malformed, unknown or revoked."
        : "Send an operator key as Authorization: Bearer lk_op_….")
    problem.invalidToken = invalidToken
    return problem
  }
}
