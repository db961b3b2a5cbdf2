// Schemas of the answers. A test holds them against real answers.
internal import KeyModel
internal import Management

enum OutputSchemas {
  static let all: JSONObject = [keys, cycling, webhooks, requests, operators, dataPlane].reduce(
    resources
  ) { $0.merging($1) }

  private static let resources: JSONObject = [
    "Project": Schema.output([
      "id": Schema.id("prj"), "slug": Schema.string, "name": Schema.string,
      "profile": Schema.string, "policy": Schema.anyObject,
      "policy_patch": Schema.nullable(Schema.anyObject),
      "upstream": Schema.nullable(Schema.string), "hosts": Schema.list(Schema.string),
      "upstream_timeout_seconds": Schema.nullable(Schema.integer), "created_at": Schema.time,
    ]),
    "ProjectList": Schema.page(of: "Project"),
    "RevealedAssertionKey": Schema.output(
      ["assertion_key": Schema.string, "secret_expired": Schema.boolean],
      optional: ["assertion_key", "secret_expired"]),
    "Profile": Schema.output(["name": Schema.string, "policy": Schema.anyObject]),
    "ProfileList": Schema.page(of: "Profile"),
    "Account": Schema.output([
      "id": Schema.id("acc"), "project_id": Schema.id("prj"), "project": Schema.string,
      "name": Schema.string, "external_id": Schema.nullable(Schema.string),
      "plan": Schema.nullable(Schema.string), "username": Schema.string,
      "client_id": Schema.string, "brands": Schema.list(Schema.string),
      "state": Schema.choice(AccountState.allCases.map(\.name)), "created_at": Schema.time,
    ]),
    "AccountList": Schema.page(of: "Account"),
    "RevealedClientSecret": Schema.output(
      ["client_secret": Schema.string, "secret_expired": Schema.boolean],
      optional: ["client_secret", "secret_expired"]),
    "Application": Schema.output([
      "id": Schema.id("app"), "account_id": Schema.id("acc"), "name": Schema.string,
      "description": Schema.string, "access": Schema.nullable(InputSchemas.access),
      "created_at": Schema.time,
    ]),
    "CreatedApplication": Schema.extended(
      "Application", ["key": Schema.ref("KeyWithSecret")], optional: ["key"]),
    "ApplicationList": Schema.page(of: "Application"),
    "Member": Schema.output([
      "id": Schema.id("mem"), "account_id": Schema.id("acc"), "email": Schema.string,
      "role": Schema.string, "permissions": InputSchemas.permissions,
      "effective_permissions": InputSchemas.permissions, "created_at": Schema.time,
    ]),
    "MemberList": Schema.page(of: "Member"),
  ]

  private static let keys: JSONObject = [
    "KeyVersion": Schema.output([
      "id": Schema.id("ver"), "state": Schema.choice(VersionState.allCases.map(\.name)),
      "hint": Schema.string, "accepted_from": Schema.time,
      "accepted_until": Schema.nullable(Schema.time),
      "last_used_at": Schema.nullable(Schema.time),
    ]),
    "Key": Schema.output([
      "id": Schema.id("key"), "public_id": Schema.nullable(Schema.string),
      "account_id": Schema.id("acc"), "application_id": Schema.id("app"),
      "environment": Schema.string, "kind": InputSchemas.kind, "name": Schema.string,
      "description": Schema.string, "access": InputSchemas.access,
      "routes": InputSchemas.routes, "state": Schema.choice(["active", "revoked", "expired"]),
      "hint": Schema.string, "masked": Schema.string, "created_at": Schema.time,
      "created_by": Schema.string, "expires_at": Schema.nullable(Schema.time),
      "revoked_at": Schema.nullable(Schema.time),
      "last_used_at": Schema.nullable(Schema.time), "calls_today": Schema.integer,
      "versions": Schema.list(Schema.ref("KeyVersion")),
    ]),
    "KeyWithSecret": Schema.extended(
      "Key", ["secret": Schema.string, "secret_expired": Schema.boolean],
      optional: ["secret", "secret_expired"]),
    "KeyList": Schema.page(of: "Key"),
    "KeyCaller": Schema.output([
      "version": Schema.id("ver"), "address": Schema.nullable(Schema.string),
      "user_agent": Schema.nullable(Schema.string), "route": Schema.nullable(Schema.string),
      "last_seen_at": Schema.time, "calls": Schema.integer,
    ]),
    "Readiness": Schema.output([
      "data": Schema.list(Schema.ref("KeyCaller"), max: 200),
      "next_cursor": Schema.nullable(Schema.string), "safe_to_retire": Schema.boolean,
      "version": Schema.nullable(Schema.id("ver")),
      "last_seen_at": Schema.nullable(Schema.time), "window_seconds": Schema.integer,
      "callers_dropped": Schema.boolean, "dropped_calls": Schema.integer,
    ]),
    "ImportReport": Schema.output([
      "dry_run": Schema.boolean, "received": Schema.integer, "imported": Schema.integer,
      "already_imported": Schema.integer, "refused": Schema.integer,
      "accounts_created": Schema.integer, "applications_created": Schema.integer,
      "refusals": Schema.list(Schema.ref("ImportRefusal"), max: Int64(KeyImport.rowLimit)),
    ]),
    "ImportRefusal": Schema.output([
      "index": Schema.integer, "code": Schema.choice(ImportCode.allCases.map(\.rawValue)),
      "detail": Schema.string, "pointer": Schema.nullable(Schema.string),
      "key_id": Schema.nullable(Schema.id("key")),
    ]),
    "ResetKeys": Schema.output(["keys": Schema.list(Schema.ref("KeyWithSecret"))]),
    "RevealedSecret": Schema.output(
      ["secret": Schema.string, "secret_expired": Schema.boolean],
      optional: ["secret", "secret_expired"]),
    "QuotaUse": Schema.output([
      "limit": Schema.integer, "used": Schema.integer, "remaining": Schema.integer,
      "resets_at": Schema.time,
    ]),
    "Usage": Schema.output([
      "quota": Schema.nullable(Schema.ref("QuotaUse")),
      "keys": Schema.list(
        Schema.output([
          "key_id": Schema.id("key"), "calls": Schema.integer, "calls_reset_at": Schema.time,
          "last_call_at": Schema.nullable(Schema.time),
          "quota": Schema.nullable(Schema.ref("QuotaUse")),
        ])),
      "days": Schema.list(
        Schema.output([
          "day": ["type": "string", "format": "date"], "calls": Schema.integer,
        ])),
    ]),
  ]

  private static let day: JSONValue = ["type": "string", "format": "date"]

  private static let cycling: JSONObject = [
    "AutoCycling": Schema.output([
      "account_id": Schema.id("acc"), "environment": Schema.string, "enabled": Schema.boolean,
      "disabled_reason": Schema.nullable(Schema.string),
      "paused_reason": Schema.nullable(Schema.string),
      "endpoint": Schema.nullable(Schema.string), "every_days": Schema.nullable(Schema.integer),
      "starts_on": Schema.nullable(day), "overlap_seconds": Schema.nullable(Schema.integer),
      "next_cycle_at": Schema.nullable(Schema.time), "created_at": Schema.nullable(Schema.time),
      "updated_at": Schema.nullable(Schema.time),
    ]),
    "EndpointTest": Schema.output([
      "ok": Schema.boolean, "reason": Schema.nullable(Schema.string),
      "detail": Schema.nullable(Schema.string), "status": Schema.nullable(Schema.integer),
      "latency_ms": Schema.integer,
    ]),
    "CycleStarted": Schema.output([
      "cycle_id": Schema.id("cyc"), "cycle_ids": Schema.list(Schema.id("cyc")),
    ]),
    "Cycle": Schema.output([
      "id": Schema.id("cyc"), "key_id": Schema.id("key"), "environment": Schema.string,
      "cause": Schema.choice(CycleCause.allCases.map(\.name)),
      "state": Schema.choice(CycleState.allCases.map(\.name)),
      "slot_at": Schema.nullable(Schema.time), "started_at": Schema.time,
      "ended_at": Schema.nullable(Schema.time), "deadline": Schema.time,
      "attempts": Schema.integer, "next_attempt_at": Schema.nullable(Schema.time),
      "reason": Schema.nullable(Schema.string),
      "acknowledged_by": Schema.nullable(Schema.choice(CycleProof.allCases.map(\.name))),
      "generation": Schema.integer, "new_version_id": Schema.id("ver"),
      "old_version_id": Schema.id("ver"),
    ]),
    "CycleList": Schema.page(of: "Cycle"),
  ]

  private static let webhooks: JSONObject = [
    "Webhook": Schema.output([
      "id": Schema.id("whk"), "account_id": Schema.id("acc"), "name": Schema.string,
      "url": Schema.string, "environment": Schema.string, "events": Schema.list(Schema.string),
      "enabled": Schema.boolean,
      "disabled_reason": Schema.nullable(
        Schema.choice(Webhook.DisabledReason.allCases.map(\.rawValue))),
      "previous_secret_until": Schema.nullable(Schema.time), "created_at": Schema.time,
    ]),
    "WebhookWithSecret": ["allOf": [Schema.ref("Webhook"), Schema.ref("RevealedWebhook")]],
    "WebhookList": Schema.page(of: "Webhook"),
    "RevealedWebhook": Schema.output(
      [
        "secret": Schema.string, "token": Schema.string, "public_key": Schema.string,
        "secret_expired": Schema.boolean,
      ], optional: ["secret", "token", "secret_expired"]),
    "DeliveryAttempt": Schema.output([
      "at": Schema.time, "status": Schema.nullable(Schema.integer),
      "latency_ms": Schema.integer, "error": Schema.nullable(Schema.string),
      "response_excerpt": Schema.nullable(Schema.string),
    ]),
    "Delivery": Schema.output([
      "id": Schema.id("dlv"), "event_id": Schema.id("evt"), "webhook_id": Schema.id("whk"),
      "event_type": Schema.string,
      "state": Schema.choice(DeliveryState.allCases.map(\.name)),
      "next_attempt_at": Schema.nullable(Schema.time),
      "attempts": Schema.list(Schema.ref("DeliveryAttempt"), max: Int64(Delivery.attemptsKept)),
    ]),
    "DeliveryWithRequest": Schema.extended(
      "Delivery", ["request": Schema.output(["url": Schema.string, "body": Schema.string])]),
    "DeliveryList": Schema.page(of: "Delivery"),
    "ReplayedDeliveries": Schema.output([
      "replayed": Schema.integer, "has_more": Schema.boolean,
    ]),
    "PublishedEvent": Schema.output([
      "id": Schema.id("evt"), "type": Schema.string, "created_at": Schema.time,
      "account_id": Schema.id("acc"), "environment": Schema.string,
      "deliveries": Schema.integer,
    ]),
    "EventType": Schema.output([
      "type": Schema.string, "title": Schema.string, "schema": Schema.anyObject,
      "source": Schema.choice(["server", "project"]),
    ]),
    "EventTypeList": Schema.page(of: "EventType"),
  ]

  private static let requests: JSONObject = [
    "RequestRecord": Schema.output(
      [
        "id": Schema.id("req"), "time": Schema.time,
        "key_id": Schema.nullable(Schema.id("key")),
        "version_id": Schema.nullable(Schema.id("ver")),
        "account_id": Schema.nullable(Schema.id("acc")),
        "application_id": Schema.nullable(Schema.id("app")),
        "environment": Schema.nullable(Schema.string), "brand": Schema.nullable(Schema.string),
        "method": Schema.nullable(Schema.string), "path": Schema.nullable(Schema.string),
        "status": Schema.nullable(Schema.integer), "latency_ms": ["type": "number"],
        "upstream_latency_ms": Schema.nullable(["type": "number"]),
        "bytes_in": Schema.integer, "bytes_out": Schema.integer,
        "address": Schema.nullable(Schema.string), "user_agent": Schema.nullable(Schema.string),
        "denial": Schema.nullable(
          Schema.choice(DecisionCode.allCases.filter { $0 != .valid }.map(\.name))),
        "how_to_fix": Schema.nullable(Schema.string),
        "way": Schema.choice(RequestWay.allCases.map(\.name)), "headers": Schema.anyObject,
      ], optional: ["headers"]),
    "RequestList": Schema.output([
      "data": Schema.list(Schema.ref("RequestRecord")),
      "next_cursor": Schema.nullable(Schema.string), "dropped": Schema.integer,
    ]),
    "EventStream": Schema.string,
  ]

  private static let operators: JSONObject = [
    "OperatorKey": Schema.output([
      "id": Schema.id("opk"), "name": Schema.string,
      "scopes": Schema.list(Schema.choice(Scope.allCases.map(\.rawValue))),
      "project": Schema.nullable(Schema.string), "hint": Schema.string,
      "state": Schema.choice(["active", "revoked"]), "created_at": Schema.time,
      "revoked_at": Schema.nullable(Schema.time),
    ]),
    "OperatorKeyWithToken": Schema.extended(
      "OperatorKey", ["operator_key": Schema.string, "secret_expired": Schema.boolean],
      optional: ["operator_key", "secret_expired"]),
    "OperatorKeyList": Schema.page(of: "OperatorKey"),
    "AuditEntry": Schema.output([
      "id": Schema.id("aud"), "sequence": Schema.integer, "at": Schema.time,
      "actor": Schema.string, "action": Schema.string,
      "project_id": Schema.nullable(Schema.id("prj")),
      "account_id": Schema.nullable(Schema.id("acc")), "subject": Schema.string,
      "detail": Schema.anyObject, "previous_hash": Schema.string, "hash": Schema.string,
    ]),
    "AuditList": Schema.page(of: "AuditEntry"),
    "LeakVerdict": Schema.output([
      "token_hash": Schema.nullable(Schema.string), "token_type": Schema.string,
      "label": Schema.choice(["true_positive", "false_positive"]),
      "key_id": Schema.nullable(Schema.id("key")),
      "account_id": Schema.nullable(Schema.id("acc")),
      "action": Schema.choice(Leak.Action.allCases.map(\.rawValue)),
    ]),
    "Leak": Schema.output([
      "id": Schema.id("lek"), "reported_at": Schema.time, "reported_by": Schema.string,
      "project_id": Schema.id("prj"), "account_id": Schema.id("acc"),
      "key_id": Schema.id("key"), "version_id": Schema.id("ver"), "url": Schema.string,
      "source": Schema.string, "action": Schema.choice(Leak.Action.allCases.map(\.rawValue)),
    ]),
    "LeakList": Schema.page(of: "Leak"),
    "Mail": Schema.output([
      "id": Schema.id("eml"), "project_id": Schema.id("prj"), "account_id": Schema.id("acc"),
      "kind": Schema.choice(NoticeKind.allCases.map(\.rawValue)),
      "to": Schema.nullable(Schema.string), "subject": Schema.string, "text": Schema.string,
      "html": Schema.string, "state": Schema.choice(Mail.State.allCases.map(\.name)),
      "attempts": Schema.integer, "last_error": Schema.nullable(Schema.string),
      "created_at": Schema.time, "next_attempt_at": Schema.nullable(Schema.time),
      "sent_at": Schema.nullable(Schema.time),
    ]),
    "MailList": Schema.page(of: "Mail"),
    "OutgoingAddressList": Schema.output([
      "data": Schema.list(Schema.string), "next_cursor": Schema.nullable(Schema.string),
    ]),
    "Liveness": Schema.output(["status": Schema.choice(["ok", "ready"])]),
    "OpenAPI": Schema.anyObject,
    "Page": Schema.string,
    "Problem": Schema.output(
      [
        "type": ["type": "string", "format": "uri-reference"], "title": Schema.string,
        "status": Schema.integer, "detail": Schema.string,
        "instance": ["type": "string", "format": "uri-reference"],
        "code": Schema.choice(ProblemCode.allCases.map(\.rawValue)),
        "request_id": Schema.string,
        "errors": Schema.list(
          Schema.output(
            [
              "pointer": Schema.string, "parameter": Schema.string, "detail": Schema.string,
            ], optional: ["pointer", "parameter"])),
        "key_id": Schema.id("key"), "callers": Schema.list(Schema.ref("KeyCaller"), max: 200),
        "reason": Schema.string, "endpoint_status": Schema.nullable(Schema.integer),
        "latency_ms": Schema.integer,
      ],
      optional: ["errors", "key_id", "callers", "reason", "endpoint_status", "latency_ms"]),
  ]

  private static let leaseSeconds: JSONValue = [
    "type": "integer", "minimum": 1, "maximum": 3600,
  ]

  private static let dataPlane: JSONObject = [
    "VerifyRequest": Schema.input(
      [
        "project": Schema.string, "key": Schema.string,
        "headers": ["type": "object", "additionalProperties": Schema.string],
        "method": Schema.string, "path": Schema.string, "host": Schema.string,
        "address": Schema.string, "user_agent": Schema.string, "brand": Schema.string,
        "status": Schema.integer, "dry_run": Schema.boolean, "lease_seconds": leaseSeconds,
      ], required: ["project"]),
    "VerifyAnswer": Schema.output([
      "valid": Schema.boolean, "code": Schema.choice(DecisionCode.allCases.map(\.name)),
      "key_id": Schema.nullable(Schema.id("key")),
      "version_id": Schema.nullable(Schema.id("ver")),
      "account_id": Schema.nullable(Schema.id("acc")),
      "application_id": Schema.nullable(Schema.id("app")),
      "environment": Schema.nullable(Schema.string),
      "kind": Schema.nullable(InputSchemas.kind),
      "access": Schema.nullable(InputSchemas.access),
      "brand": Schema.nullable(Schema.string),
      "quota": Schema.nullable(
        Schema.output([
          "limit": Schema.integer, "remaining": Schema.integer, "resets_at": Schema.time,
        ])),
      "unchecked": Schema.list(Schema.choice(["method", "path", "host"]), max: 3),
      "lease": Schema.nullable(Schema.ref("Lease")),
    ]),
    "Lease": Schema.output(["id": Schema.id("lea"), "expires_at": Schema.time]),
    "LeaseRenewal": Schema.input(["lease_seconds": leaseSeconds], required: []),
  ]
}
