// One page of a list and the cursor to the next. Cursors are opaque to clients: the 128 bits of the
// last row's id, or an audit sequence number, in base 32.
internal import KeyModel

package struct PageRequest: Sendable {
  package static let limits = 1...200
  package static let defaultLimit = 50

  package var limit: Int
  package var cursor: UInt128?

  package init(limit: Int = defaultLimit, cursor: UInt128? = nil) {
    self.limit = limit
    self.cursor = cursor
  }

  /// From the texts of the query; every finding names its parameter.
  package init(limit: String?, cursor: String?, findings: inout [Problem.Finding]) {
    self.init()
    if let limit {
      if let number = Int(limit), String(number) == limit, Self.limits.contains(number) {
        self.limit = number
      } else {
        findings.append(.init(parameter: "limit", "must be an integer from 1 to 200"))
      }
    }
    if let cursor {
      self.cursor = Base32.decode(cursor.utf8)
      if self.cursor == nil {
        findings.append(.init(parameter: "cursor", "must be a next_cursor of this list"))
      }
    }
  }

  func before<Tag: IDTag>(_: Tag.Type = Tag.self) -> ID<Tag>? { cursor.map { ID(bits: $0) } }

  static func text(_ cursor: UInt128) -> String {
    String(decoding: Base32.digits(of: cursor), as: UTF8.self)
  }

  /// `rows` holds one more than the limit where there is a next page; see `fetch`.
  func answer<Row>(
    _ rows: [Row], cursor: (Row) -> UInt128, _ represent: (Row) throws -> JSONValue
  ) rethrows -> Answer {
    let shown = rows.prefix(limit)
    let next = rows.count > limit ? shown.last.map { Self.text(cursor($0)) } : nil
    return Answer(200, Represent.list(try shown.map(represent), next: next))
  }

  /// Of a list that is whole in memory: its cursors are positions in it.
  func answer<Row>(of rows: [Row], _ represent: (Row) -> JSONValue) -> Answer {
    let start = Int(clamping: cursor ?? 0)
    return answer(
      Array(rows.enumerated().dropFirst(start).prefix(limit + 1)),
      cursor: { UInt128($0.offset + 1) }, { represent($0.element) })
  }
}
