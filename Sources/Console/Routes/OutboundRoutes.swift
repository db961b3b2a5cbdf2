// Routes about what leaves the server.
internal import KeyModel
internal import Management

extension RouteTable {
  static let outbound: [Route] = [
    .operation(
      .get, "/v1/outgoing-addresses", .listOutgoingAddresses,
      "List the addresses that deliveries come from", tag: "Outbound",
      query: pageParameters, output: "OutgoingAddressList"
    ) { management, call throws(Problem) in
      try await management.listOutgoingAddresses(try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/mails", .listMails, "List mails, newest first, also those that wait",
      tag: "Outbound", query: pageParameters + ownerParameters, output: "MailList"
    ) { management, call throws(Problem) in
      let (query, page) = try call.ownerPage()
      return try await management.listMails(query, page, by: call.principal)
    },
  ]
}

extension Call {
  /// A page of what belongs to projects and accounts.
  func ownerPage() throws(Problem) -> (OwnerQuery, PageRequest) {
    var findings: [Problem.Finding] = []
    var owner = OwnerQuery()
    owner.project = query.text("project")
    owner.account = query.id("account", AccountTag.self, &findings)
    let page = query.page(&findings)
    guard findings.isEmpty else { throw .invalid(findings) }
    return (owner, page)
  }
}
