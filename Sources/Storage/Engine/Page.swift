// What all lists share.

/// Rows of one page: contracts cap pages at 200, and a caller's mistake must not read a whole
/// table.
func pageLimit(_ limit: Int) -> SQLValue { .integer(Int64(max(0, min(limit, 201)))) }

/// Conditions that are put together at run time, with their arguments. SQL comes from literals
/// only.
struct Conditions {
  private(set) var arguments: [SQLValue] = []
  private var terms: [String] = []

  /// `term` names its argument by a question mark.
  mutating func add(_ term: StaticString, _ argument: SQLValue) {
    arguments.append(argument)
    let parts = term.description.split(separator: "?", omittingEmptySubsequences: false)
    terms.append(parts.joined(separator: "$\(arguments.count)"))
  }

  mutating func add(_ term: StaticString) { terms.append(term.description) }

  /// ` WHERE …`, or nothing.
  var clause: String { terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND ") }

  /// The number of one more argument, for a clause after the conditions.
  mutating func argument(_ value: SQLValue) -> String {
    arguments.append(value)
    return "$\(arguments.count)"
  }
}
