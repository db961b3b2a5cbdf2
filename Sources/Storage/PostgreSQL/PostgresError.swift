// SQLSTATE in the store's words. Server messages can quote values, so none is passed on but those
// about our own SQL.
import CPostgreSQL

extension StoreError {
  /// From the failed result of a statement.
  init(postgres result: OpaquePointer?, isConnected: Bool, sql: String) {
    guard isConnected else {
      self = .unavailable("the connection to PostgreSQL was lost")
      return
    }
    let state = Self.field(result, diagnosticSQLState) ?? "XX000"
    switch state {
    case "23505": self = .conflict(constraint: Self.field(result, diagnosticConstraint) ?? "")
    case "23503": self = .conflict(constraint: Constraint.foreignKey)
    case "40001", "40P01", "55P03", "57014": self = .busy
    case "25006": self = .readOnly
    case "53100": self = .full
    case "XX001", "XX002": self = .corrupt("SQLSTATE \(state)")
    default: self = Self.byClass(state, result, sql)
    }
  }

  private static func byClass(
    _ state: String, _ result: OpaquePointer?, _ sql: String
  ) -> StoreError {
    switch state.prefix(2) {
    case "08", "57", "53", "28", "3D": .unavailable("SQLSTATE \(state)")
    // Class 42 speaks of names and syntax, never of values.
    case "42": .statement(sql: sql, message: field(result, diagnosticMessage) ?? state)
    default: .statement(sql: sql, message: "SQLSTATE \(state)")
    }
  }

  private static func field(_ result: OpaquePointer?, _ code: Int32) -> String? {
    PQresultErrorField(result, code).map { String(cString: $0) }
  }
}

// PG_DIAG_SQLSTATE, PG_DIAG_CONSTRAINT_NAME and PG_DIAG_MESSAGE_PRIMARY, as character constants.
private let diagnosticSQLState = Int32(UInt8(ascii: "C"))
private let diagnosticConstraint = Int32(UInt8(ascii: "n"))
private let diagnosticMessage = Int32(UInt8(ascii: "M"))
