// The stable codes of refusals, their HTTP status and title. A code never changes its meaning;
// docs/api.md and the OpenAPI document list them from here.

package enum ProblemCode: String, Sendable, CaseIterable {
  case malformedRequest = "malformed_request"
  case malformedJSON = "malformed_json"
  case validationFailed = "validation_failed"
  case keyInQuery = "key_in_query"
  case unauthorized
  case insufficientScope = "insufficient_scope"
  case insufficientPermission = "insufficient_permission"
  case accountSuspended = "account_suspended"
  case projectBound = "project_bound"
  case planRequired = "plan_required"
  case notFound = "not_found"
  case methodNotAllowed = "method_not_allowed"
  case conflict
  case slugTaken = "slug_taken"
  case hostTaken = "host_taken"
  case externalIDTaken = "external_id_taken"
  case clientIDTaken = "client_id_taken"
  case emailTaken = "email_taken"
  case lastAdmin = "last_admin"
  case policyInUse = "policy_in_use"
  case keyLimitReached = "key_limit_reached"
  case applicationLimitReached = "application_limit_reached"
  case webhookLimitReached = "webhook_limit_reached"
  case webhookURLTaken = "webhook_url_taken"
  case webhookDisabled = "webhook_disabled"
  case lastKey = "last_key"
  case keyInUse = "key_in_use"
  case keyRevoked = "key_revoked"
  case keyExpired = "key_expired"
  case manualRotationDisabled = "manual_rotation_disabled"
  case rotationModeDisabled = "rotation_mode_disabled"
  case secretNotRecoverable = "secret_not_recoverable"
  case accessFixed = "access_fixed"
  case endpointTestFailed = "endpoint_test_failed"
  case autoCyclingOff = "auto_cycling_off"
  case noKeyToCycle = "no_key_to_cycle"
  case cycleOpen = "cycle_open"
  case cycleOver = "cycle_over"
  case idempotencyInFlight = "idempotency_in_flight"
  case idempotencyMismatch = "idempotency_mismatch"
  case requestTimeout = "request_timeout"
  case payloadTooLarge = "payload_too_large"
  case unsupportedMediaType = "unsupported_media_type"
  case tooManyStreams = "too_many_streams"
  case internalError = "internal_error"
  case unavailable

  package var status: Int {
    switch self {
    case .malformedRequest, .malformedJSON, .validationFailed, .keyInQuery: 400
    case .unauthorized: 401
    case .insufficientScope, .insufficientPermission, .accountSuspended, .projectBound,
      .planRequired:
      403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .requestTimeout: 408
    case .conflict, .slugTaken, .hostTaken, .externalIDTaken, .clientIDTaken, .emailTaken,
      .lastAdmin, .policyInUse, .keyLimitReached, .applicationLimitReached, .lastKey, .keyInUse,
      .webhookLimitReached, .webhookURLTaken, .webhookDisabled, .keyRevoked, .keyExpired,
      .manualRotationDisabled, .rotationModeDisabled, .secretNotRecoverable,
      .accessFixed, .endpointTestFailed, .autoCyclingOff, .noKeyToCycle, .cycleOpen, .cycleOver,
      .idempotencyInFlight:
      409
    case .payloadTooLarge: 413
    case .unsupportedMediaType: 415
    case .idempotencyMismatch: 422
    case .tooManyStreams: 429
    case .internalError: 500
    case .unavailable: 503
    }
  }

  /// The same for every occurrence.
  package var title: String {
    switch self {
    case .malformedRequest: "The request is malformed"
    case .malformedJSON: "The body is not valid JSON"
    case .validationFailed: "Some fields are not valid"
    case .keyInQuery: "A credential must not stand in the URL"
    case .unauthorized: "A valid operator key is needed"
    case .insufficientScope: "The operator key lacks a scope"
    case .insufficientPermission: "The member lacks a permission"
    case .accountSuspended: "The account is suspended"
    case .projectBound: "The operator key is bound to one project"
    case .planRequired: "The plan does not have this feature"
    case .notFound: "There is no such thing here"
    case .methodNotAllowed: "The method is not allowed here"
    case .conflict: "The change conflicts with another one"
    case .slugTaken: "The slug is taken"
    case .hostTaken: "The host belongs to another project"
    case .externalIDTaken: "The external id is taken"
    case .clientIDTaken: "The client id is taken"
    case .emailTaken: "The account has a member of this address"
    case .lastAdmin: "The last member who may manage members stays"
    case .policyInUse: "Keys or members depend on what the change would remove"
    case .keyLimitReached: "The limit of keys is reached"
    case .applicationLimitReached: "The limit of applications is reached"
    case .webhookLimitReached: "The limit of webhooks is reached"
    case .webhookURLTaken: "The URL is another webhook's"
    case .webhookDisabled: "The webhook is disabled"
    case .lastKey: "The last key cannot be removed"
    case .keyInUse: "The key is still in use"
    case .keyRevoked: "The key is revoked"
    case .keyExpired: "The key is expired"
    case .manualRotationDisabled: "Manual rotation is disabled"
    case .rotationModeDisabled: "The policy does not allow this way to rotate"
    case .secretNotRecoverable: "The secret cannot be shown again"
    case .accessFixed: "The access cannot be changed"
    case .endpointTestFailed: "The endpoint did not acknowledge the test"
    case .autoCyclingOff: "Auto cycling is off"
    case .noKeyToCycle: "There is no key to cycle"
    case .cycleOpen: "A cycle is under way"
    case .cycleOver: "The cycle is over"
    case .idempotencyInFlight: "A request with this Idempotency-Key is in flight"
    case .idempotencyMismatch: "The Idempotency-Key was used for another request"
    case .requestTimeout: "The body came too slowly"
    case .payloadTooLarge: "The body is too large"
    case .unsupportedMediaType: "The body must be JSON"
    case .tooManyStreams: "Too many streams are open"
    case .internalError: "Something went wrong here"
    case .unavailable: "The service is not available now"
    }
  }
}
