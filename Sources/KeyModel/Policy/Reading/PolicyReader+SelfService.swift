// The knob `self_service` of a policy document.

extension PolicyReader {
  static func selfService(_ node: PolicyNode) -> SelfService? {
    node.object { cursor -> SelfService? in
      let path = cursor.required("path") { $0.text(.pathPrefix) }
      var service = SelfService(path: path ?? "")
      cursor.readOptional("list", &service.list, listAnswer)
      cursor.readOptional("create", &service.create, keyAnswer)
      cursor.readOptional("delete", &service.delete, keyAnswer)
      cursor.readOptional("reset", &service.reset, listAnswer)
      let placeholders = SelfService.errorPlaceholders
      cursor.read("errors", &service.errors) {
        templates($0, names: SelfService.errorNames + errorNames, placeholders: placeholders)
      }
      cursor.readOptional("error_body", &service.errorBody) { body($0, placeholders) }
      return path == nil ? nil : service
    }
  }

  private static func listAnswer(_ node: PolicyNode) -> SelfService.Answer? {
    answer(node) { cursor, answer in
      cursor.readOptional("body", &answer.body) { body($0, SelfService.listPlaceholders) }
      cursor.readOptional("item", &answer.item) { body($0, SelfService.keyPlaceholders) }
    }
  }

  private static func keyAnswer(_ node: PolicyNode) -> SelfService.Answer? {
    answer(node) { cursor, answer in
      cursor.readOptional("body", &answer.body) { body($0, SelfService.keyPlaceholders) }
      cursor.set("accepts", &answer.accepts, 0...SelfService.acceptable.count, acceptable)
    }
  }

  private static func acceptable(_ node: PolicyNode) -> String? {
    if let name = node.value.string, SelfService.acceptable.contains(name) { return name }
    node.report(
      "must be one of " + SelfService.acceptable.map { "`\($0)`" }.joined(separator: ", "))
    return nil
  }

  private static func answer(
    _ node: PolicyNode, _ read: (PolicyCursor, inout SelfService.Answer) -> Void
  ) -> SelfService.Answer? {
    node.object { cursor -> SelfService.Answer? in
      let status = cursor.required("status") { $0.integer(200...299) }
      var answer = SelfService.Answer(status: Int(status ?? 0))
      read(cursor, &answer)
      // RFC 9110 §15.3.5 and §15.3.6: these two end with their head.
      if answer.body != nil, status == 204 || status == 205 {
        cursor.report("body", "cannot be sent with this status")
      }
      return status == nil ? nil : answer
    }
  }
}
