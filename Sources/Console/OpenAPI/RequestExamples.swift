// One request body for each schema that has members: what the OpenAPI document and the reference
// page show. A test lets the readers take each of them.
package import KeyModel

package enum RequestExamples {
  package static let all: JSONObject = [
    "NewProject": [
      "slug": "orders", "name": "Orders API", "profile": "default",
      "upstream": "http://127.0.0.1:9000",
      "policy": ["limits": ["keys": ["max": 2, "min": 1, "per": "account"]]],
    ],
    "ProjectPatch": ["policy": ["safe_delete_seconds": 3600]],
    "NewAccount": ["name": "Acme", "external_id": "customer-17", "plan": "business"],
    "AccountPatch": ["state": "suspended"],
    "NewApplication": ["name": "Reports", "access": "read_only"],
    "ApplicationPatch": ["description": "The nightly reports"],
    "NewMember": ["email": "ann@example.com", "role": "developer"],
    "MemberPatch": ["role": "admin"],
    "NewKey": [
      "environment": "production", "name": "ci", "access": "read_only",
      "routes": [["method": "GET", "path": "/v1/*"]],
    ],
    "KeyImport": [
      "keys": [
        [
          "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          "external_id": "customer-17", "environment": "production", "hint": "x7Qa",
        ]
      ], "create_missing": true, "dry_run": true,
    ],
    "KeyPatch": ["name": "ci", "expires_at": "2099-01-01T00:00:00Z"],
    "KeyRotation": ["overlap_seconds": 3600],
    "NewCycling": [
      "endpoint": "https://keys.acme.example/latchkey", "every_days": 30,
      "starts_on": "2027-01-31", "overlap_seconds": 0,
    ],
    "CyclingPatch": ["every_days": 7],
    "CyclingTest": ["endpoint": "https://keys.acme.example/latchkey"],
    "CyclingRun": ["environment": "production"],
    "CycleAcknowledgement": ["request_id": "5f0c4d3e-8a52-4c0a-9a66-0d2c6f1f7b11"],
    "LeakReport": [
      "token": "…", "url": "https://git.example/acme/app/blob/main/.env#L3", "source": "gitleaks",
    ],
    "NewWebhook": [
      "name": "Orders", "url": "https://hooks.example.com/latchkey", "environment": "production",
      "events": ["key.created", "key.revoked"],
    ],
    "WebhookPatch": ["enabled": true],
    "WebhookRotation": ["overlap_seconds": 86400],
    "WebhookReplay": ["since": "2026-01-01T00:00:00Z"],
    "NewEvent": [
      "type": "order-created", "environment": "production", "data": ["order_id": "o-17"],
    ],
    "NewOperatorKey": ["name": "backend", "scopes": ["verify"]],
    "LeaseRenewal": ["lease_seconds": 30],
    "VerifyRequest": [
      "project": "orders", "key": "…", "method": "GET", "path": "/v1/orders", "dry_run": true,
    ],
  ]
}
