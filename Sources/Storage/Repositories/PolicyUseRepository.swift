// What a project holds, counted for a change of its policy: one pass over its keys, one over its
// applications and one over its members, in the transaction that makes the change.
package import KeyModel

extension Transaction {
  /// Keys that are active at `now`, applications that are not removed, and members.
  package func policyUse(of project: ProjectID, at now: Timestamp) throws(StoreError) -> PolicyUse {
    let keys = try rows(
      """
      SELECT account_id, application_id, environment, kind, access, count(*) FROM keys
      WHERE account_id IN (SELECT id FROM accounts WHERE project_id = $1)
        AND state = $2 AND (expires_at IS NULL OR expires_at > $3)
      GROUP BY account_id, application_id, environment, kind, access
      """, [.id(project), .raw(KeyState.active), .time(now)]
    ) { (row: any Row) throws(StoreError) in
      KeyUse(
        account: try row.id(0), application: try row.id(1), environment: try row.text(2),
        kind: try row.raw(3), access: try row.raw(4), count: Int(try row.integer(5)))
    }
    var applications: [AccountID: Int] = [:]
    try forEach(
      """
      SELECT account_id, count(*) FROM applications
      WHERE account_id IN (SELECT id FROM accounts WHERE project_id = $1) AND removed_at IS NULL
      GROUP BY account_id
      """, [.id(project)]
    ) { (row: any Row) throws(StoreError) in
      applications[try row.id(0)] = Int(try row.integer(1))
    }
    var roles: [String: Int] = [:]
    try forEach(
      "SELECT role, count(*) FROM members WHERE project_id = $1 GROUP BY role", [.id(project)]
    ) { (row: any Row) throws(StoreError) in
      roles[try row.text(0)] = Int(try row.integer(1))
    }
    return PolicyUse(keys: keys, applications: applications, roles: roles)
  }
}
