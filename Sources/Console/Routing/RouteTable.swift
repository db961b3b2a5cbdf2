// All routes of the listener. A route that is not here does not exist.
internal import KeyModel
internal import Management

package enum RouteTable {
  package static let all: [Route] =
    projects + leaks + accounts + applications + members + keys + cycling + webhooks + usage
    + requests
    + operatorKeys + audit + outbound + dataPlane
    + server

  static let pageParameters = [
    QueryParameter(
      name: "limit", about: "How many items at most.",
      schema: ["type": "integer", "minimum": 1, "maximum": 200, "default": 50]),
    QueryParameter(
      name: "cursor", about: "The `next_cursor` of the page before.",
      schema: ["type": "string"]),
  ]

  /// Overrides safe delete.
  static let forceParameter = QueryParameter(
    name: "force", about: "Also what was presented within `safe_delete_seconds`.",
    schema: ["type": "string", "enum": ["true", "false"]])

  static let ownerParameters = [
    QueryParameter(
      name: "project", about: "Slug or id of a project.", schema: ["type": "string"]),
    QueryParameter(name: "account", about: "Id of an account.", schema: ["type": "string"]),
  ]

  static func dayParameter(_ name: String, _ about: String) -> QueryParameter {
    QueryParameter(name: name, about: about, schema: ["type": "string", "format": "date"])
  }

  static func timeParameter(_ name: String, _ about: String) -> QueryParameter {
    QueryParameter(name: name, about: about, schema: ["type": "string", "format": "date-time"])
  }
}
