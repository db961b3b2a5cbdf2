// Routes about what leaves the server.
internal import KeyModel
internal import Management

extension RouteTable {
  static let outbound: [Route] = [
    .operation(
      .get, "/v1/outgoing-addresses", .listOutgoingAddresses,
      "List the addresses that deliveries come from", tag: "Outbound",
      output: "OutgoingAddressList"
    ) { management, call throws(Problem) in
      try await management.listOutgoingAddresses(by: call.principal)
    }
  ]
}
