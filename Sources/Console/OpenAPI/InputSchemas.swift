// Schemas of the request bodies. A test holds their members and those the readers take equal.
internal import KeyModel
internal import Management

enum InputSchemas {
  static let all: JSONObject = [
    "Empty": Schema.input([:]),
    "NewProject": Schema.input(
      newProject, required: ["slug", "name"]),
    "ProjectPatch": Schema.input([
      "name": Schema.text(128),
      "profile": Schema.text(128),
      "policy": Schema.nullable(Schema.anyObject),
      "upstream": Schema.nullable(upstream),
      "hosts": Schema.nullable(hosts),
      "upstream_timeout_seconds": Schema.nullable(timeout),
    ]),
    "NewAccount": Schema.input(
      [
        "name": Schema.text(128),
        "external_id": Schema.nullable(Schema.text(128)),
        "plan": Schema.nullable(Schema.text(64)),
        "username": Schema.nullable(Schema.text(128)),
        "brands": Schema.nullable(Schema.list(Schema.text(128), max: 1000)),
        "client_id": Schema.nullable(identifier),
      ], required: ["name"]),
    "AccountPatch": Schema.input([
      "name": Schema.text(128),
      "external_id": Schema.nullable(Schema.text(128)),
      "plan": Schema.nullable(Schema.text(64)),
      "username": Schema.text(128),
      "brands": Schema.nullable(Schema.list(Schema.text(128), max: 1000)),
      "state": Schema.choice(AccountState.allCases.map(\.name)),
    ]),
    "NewApplication": Schema.input(
      [
        "name": Schema.text(128),
        "description": Schema.nullable(Schema.text(1024, min: 0)),
        "access": Schema.nullable(access),
      ], required: ["name"]),
    "ApplicationPatch": Schema.input([
      "name": Schema.text(128),
      "description": Schema.nullable(Schema.text(1024, min: 0)),
      "access": Schema.nullable(access),
    ]),
    "NewMember": Schema.input(
      ["email": email, "role": Schema.text(128), "permissions": Schema.nullable(permissions)],
      required: ["email", "role"]),
    "MemberPatch": Schema.input([
      "email": email, "role": Schema.text(128), "permissions": Schema.nullable(permissions),
    ]),
    "LeakReport": Schema.input([
      "token": Schema.nullable(Schema.text(Int64(LeakedText.maximumBytes), min: 0)),
      "key": Schema.nullable(Schema.text(Int64(LeakedText.maximumBytes), min: 0)),
      "type": Schema.nullable(Schema.text(128)),
      "url": Schema.nullable(Schema.text(8192, min: 0)),
      "source": Schema.nullable(Schema.text(128)),
    ]),
    "NewKey": Schema.input(newKey),
    "KeyImport": Schema.input(
      [
        // What is no such row is refused by itself, and the request is answered with 200.
        "keys": Schema.list(
          ["anyOf": [Schema.ref("ImportedKey"), [:]]], max: Int64(KeyImport.rowLimit)),
        "account_id": Schema.nullable(Schema.id("acc")),
        "environment": Schema.nullable(Schema.text(128)),
        "dry_run": Schema.nullable(Schema.boolean),
        "create_missing": Schema.nullable(Schema.boolean),
        "ignore_limits": Schema.nullable(Schema.boolean),
      ], required: ["keys"]),
    "ImportedKey": Schema.input(importedKey.merging(newKey)),
    "KeyPatch": Schema.input([
      "name": Schema.nullable(Schema.text(128, min: 0)),
      "description": Schema.nullable(Schema.text(1024, min: 0)),
      "access": access,
      "routes": Schema.nullable(routes),
      "expires_at": Schema.nullable(Schema.time),
    ]),
    "KeyRotation": Schema.input(["overlap_seconds": Schema.nullable(overlap)]),
    "NewCycling": Schema.input(
      cycling.merging(["overlap_seconds": Schema.nullable(shortOverlap)]),
      required: ["endpoint", "every_days", "starts_on"]),
    "CyclingPatch": Schema.input(cycling.merging(["overlap_seconds": shortOverlap])),
    "CyclingTest": Schema.input([
      "endpoint": Schema.nullable(endpoint), "environment": Schema.nullable(Schema.text(128)),
    ]),
    "CyclingRun": Schema.input(["environment": Schema.nullable(Schema.text(128))]),
    "CycleAcknowledgement": Schema.input(["request_id": Schema.nullable(Schema.text(128))]),
    "NewWebhook": Schema.input(
      [
        "name": Schema.text(128), "url": endpoint,
        "environment": Schema.nullable(Schema.text(128)), "events": events,
      ], required: ["name", "url", "events"]),
    "WebhookPatch": Schema.input([
      "name": Schema.text(128), "url": endpoint, "environment": Schema.text(128),
      "events": events, "enabled": Schema.boolean,
    ]),
    "WebhookRotation": Schema.input([
      "overlap_seconds": Schema.nullable([
        "type": "integer", "minimum": 0, "maximum": .integer(WebhookRotation.longestSeconds),
      ])
    ]),
    "WebhookReplay": Schema.input(["since": Schema.time], required: ["since"]),
    "NewEvent": Schema.input(
      [
        "type": Schema.text(128), "environment": Schema.nullable(Schema.text(128)),
        "data": Schema.anyObject,
      ], required: ["type", "data"]),
    "NewOperatorKey": Schema.input(
      [
        "name": Schema.nullable(Schema.text(128, min: 0)),
        "scopes": Schema.list(Schema.choice(Scope.allCases.map(\.rawValue)), max: 64),
        "project": Schema.nullable(Schema.text(128)),
      ], required: ["scopes"]),
    "Route": Schema.input(
      ["method": Schema.text(32), "path": Schema.text(1024)], required: ["method", "path"]),
  ]

  private static let newKey: JSONObject = [
    "environment": Schema.nullable(Schema.text(128)),
    "kind": Schema.nullable(kind),
    "name": Schema.nullable(Schema.text(128, min: 0)),
    "description": Schema.nullable(Schema.text(1024, min: 0)),
    "access": Schema.nullable(access),
    "application_id": Schema.nullable(Schema.id("app")),
    "routes": Schema.nullable(routes),
    "expires_at": Schema.nullable(Schema.time),
  ]

  /// What a row of an import has besides.
  private static let importedKey: JSONObject = [
    "hash": Schema.nullable(Schema.text(128)),
    "secret": Schema.nullable(Schema.text(Int64(TokenFormat.maximumLength))),
    "algorithm": Schema.nullable(Schema.text(32)),
    "encoding": Schema.nullable(
      Schema.choice(ImportRules.HashEncoding.allCases.map(\.rawValue))),
    "hint": Schema.nullable(Schema.text(4)),
    "public_id": Schema.nullable(identifier),
    "account_id": Schema.nullable(Schema.id("acc")),
    "external_id": Schema.nullable(Schema.text(128)),
    "account_name": Schema.nullable(Schema.text(128)),
    "plan": Schema.nullable(Schema.text(64)),
    "client_id": Schema.nullable(identifier),
    "username": Schema.nullable(identifier),
    "application": Schema.nullable(Schema.text(128)),
  ]

  private static let cycling: JSONObject = [
    "endpoint": endpoint,
    "every_days": ["type": "integer", "minimum": 1, "maximum": 3650],
    "starts_on": ["type": "string", "format": "date"],
    "environment": Schema.nullable(Schema.text(128)),
  ]
  private static let endpoint: JSONValue = [
    "type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]://", "maxLength": 2048,
  ]
  private static let shortOverlap: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": 31_536_000,
  ]

  private static let newProject: JSONObject = [
    "slug": ["type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"],
    "name": Schema.text(128),
    "profile": Schema.nullable(Schema.text(128)),
    "policy": Schema.nullable(Schema.anyObject),
    "upstream": Schema.nullable(upstream),
    "hosts": Schema.nullable(hosts),
    "upstream_timeout_seconds": Schema.nullable(timeout),
  ]

  private static let identifier: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-9;-~]*$",
  ]
  private static let email: JSONValue = [
    "type": "string", "format": "email", "maxLength": 254,
  ]
  static let permissions = Schema.list(
    Schema.choice(MemberPermission.allCases.map(\.rawValue)), max: 16)
  static let access = Schema.choice(Access.allCases.map(\.name))
  static let kind = Schema.choice(KeyKind.allCases.map(\.name))
  static let routes = Schema.list(Schema.ref("Route"), max: 64)
  private static let upstream: JSONValue = [
    "type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://",
  ]
  private static let events: JSONValue = [
    "type": "array", "items": Schema.text(128), "minItems": 1, "maxItems": 256,
  ]
  private static let hosts = Schema.list(Schema.text(253), max: 32)
  private static let timeout: JSONValue = ["type": "integer", "minimum": 1, "maximum": 3600]
  private static let overlap: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": 315_360_000,
  ]
}
