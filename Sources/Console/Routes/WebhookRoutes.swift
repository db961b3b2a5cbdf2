// Routes of webhooks, deliveries and events.
internal import KeyModel
internal import Management

extension RouteTable {
  static let webhooks: [Route] = [
    .operation(
      .post, "/v1/accounts/{account}/webhooks", .createWebhook, "Register a webhook",
      tag: "Webhooks", input: "NewWebhook", status: 201, output: "WebhookWithSecret",
      refusals: [.webhookLimitReached, .webhookURLTaken]
    ) { management, call throws(Problem) in
      try await management.createWebhook(
        of: try call.id("account"), try call.input(NewWebhook.init), by: call.caller)
    },
    .operation(
      .get, "/v1/accounts/{account}/webhooks", .listWebhooks, "List the webhooks of an account",
      tag: "Webhooks", query: pageParameters, output: "WebhookList"
    ) { management, call throws(Problem) in
      try await management.listWebhooks(
        of: try call.id("account"), try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/webhooks/{webhook}", .getWebhook, "Show a webhook", tag: "Webhooks",
      output: "Webhook"
    ) { management, call throws(Problem) in
      try await management.webhook(try call.id("webhook"), by: call.principal)
    },
    .operation(
      .patch, "/v1/webhooks/{webhook}", .updateWebhook,
      "Change a webhook, disable it or enable it again", tag: "Webhooks", input: "WebhookPatch",
      output: "Webhook", refusals: [.webhookURLTaken]
    ) { management, call throws(Problem) in
      try await management.updateWebhook(
        try call.id("webhook"), try call.input(WebhookPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/webhooks/{webhook}", .deleteWebhook, "Remove a webhook with its deliveries",
      tag: "Webhooks", status: 204
    ) { management, call throws(Problem) in
      try await management.deleteWebhook(try call.id("webhook"), by: call.caller)
    },
    .operation(
      .post, "/v1/webhooks/{webhook}/reveal", .revealWebhook, "Show a webhook's secret",
      tag: "Webhooks", input: "Empty", inputRequired: false, output: "RevealedWebhook"
    ) { management, call throws(Problem) in
      let id: WebhookID = try call.id("webhook")
      _ = try call.input(NoFields.init)
      return try await management.revealWebhook(id, by: call.caller)
    },
    .operation(
      .post, "/v1/webhooks/{webhook}/rotate-secret", .rotateWebhookSecret,
      "Give a webhook a new secret; the old one signs beside it for the overlap",
      tag: "Webhooks", input: "WebhookRotation", inputRequired: false, status: 201,
      output: "WebhookWithSecret"
    ) { management, call throws(Problem) in
      try await management.rotateWebhookSecret(
        try call.id("webhook"), try call.input(WebhookRotation.init), by: call.caller)
    },
    .operation(
      .post, "/v1/webhooks/{webhook}/test", .testWebhook, "Send a webhook a test event",
      tag: "Webhooks", input: "Empty", inputRequired: false, status: 202, output: "Delivery",
      refusals: [.webhookDisabled]
    ) { management, call throws(Problem) in
      let id: WebhookID = try call.id("webhook")
      _ = try call.input(NoFields.init)
      return try await management.testWebhook(id, by: call.caller)
    },
    .operation(
      .post, "/v1/webhooks/{webhook}/replay", .replayDeliveries,
      "Send everything again that did not arrive since then", tag: "Webhooks",
      input: "WebhookReplay", status: 202, output: "ReplayedDeliveries",
      refusals: [.webhookDisabled]
    ) { management, call throws(Problem) in
      try await management.replayDeliveries(
        of: try call.id("webhook"), try call.input(WebhookReplay.init), by: call.caller)
    },
    .operation(
      .get, "/v1/webhooks/{webhook}/deliveries", .listDeliveries,
      "List the deliveries of a webhook, newest first", tag: "Webhooks",
      query: pageParameters + deliveriesQuery, output: "DeliveryList"
    ) { management, call throws(Problem) in
      var findings: [Problem.Finding] = []
      let state = call.query.choice(
        "state", DeliveryState.allCases.map { ($0.name, $0) }, &findings)
      let page = call.query.page(&findings)
      guard findings.isEmpty else { throw .invalid(findings) }
      return try await management.listDeliveries(
        of: try call.id("webhook"), state: state, type: call.query.text("event_type"), page,
        by: call.principal)
    },
    .operation(
      .get, "/v1/deliveries/{delivery}", .getDelivery, "Show a delivery and what is sent",
      tag: "Webhooks", output: "DeliveryWithRequest"
    ) { management, call throws(Problem) in
      try await management.delivery(try call.id("delivery"), by: call.principal)
    },
    .operation(
      .post, "/v1/deliveries/{delivery}/replay", .replayDelivery,
      "Send an event to a webhook again", tag: "Webhooks", input: "Empty", inputRequired: false,
      status: 202, output: "Delivery", refusals: [.webhookDisabled]
    ) { management, call throws(Problem) in
      let id: DeliveryID = try call.id("delivery")
      _ = try call.input(NoFields.init)
      return try await management.replayDelivery(id, by: call.caller)
    },
    .operation(
      .post, "/v1/accounts/{account}/events", .publishEvent,
      "Publish an event of your own to an account's webhooks", tag: "Events", input: "NewEvent",
      status: 202, output: "PublishedEvent"
    ) { management, call throws(Problem) in
      try await management.publishEvent(
        to: try call.id("account"), try call.input(NewEvent.init), by: call.caller)
    },
    .operation(
      .get, "/v1/projects/{slug}/event-types", .listEventTypes,
      "List the types of events that webhooks can subscribe to", tag: "Events",
      query: pageParameters, output: "EventTypeList"
    ) { management, call throws(Problem) in
      try await management.eventTypes(
        of: call.text("slug"), try call.query.page(), by: call.principal)
    },
  ]

  private static let deliveriesQuery = [
    QueryParameter(
      name: "state", about: "Only those in this state.",
      schema: ["type": "string", "enum": .array(DeliveryState.allCases.map { .string($0.name) })]),
    QueryParameter(
      name: "event_type", about: "Only those of this type of event.", schema: ["type": "string"]),
  ]
}
