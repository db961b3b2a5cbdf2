// What all lists share.
internal import KeyModel

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
    terms.append(Places.fill(term, with: "$\(arguments.count)"))
  }

  mutating func add(_ term: StaticString) { terms.append(term.description) }

  /// ` WHERE …`, or nothing.
  var clause: String { terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND ") }

  /// The clause of one page of a list by `id`, newest first: `before` is exclusive.
  mutating func newestFirst<Tag>(before: ID<Tag>?, limit: Int) -> String {
    if let before { add("id < ?", .id(before)) }
    let clause = clause
    return "\(clause) ORDER BY id DESC LIMIT \(argument(pageLimit(limit)))"
  }

  /// The number of one more argument, for a clause after the conditions.
  mutating func argument(_ value: SQLValue) -> String {
    arguments.append(value)
    return "$\(arguments.count)"
  }
}
