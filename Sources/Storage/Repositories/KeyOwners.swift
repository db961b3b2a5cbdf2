// What an import asks of the keys that are there: who holds a look-up value or a public id already.
package import KeyModel

/// Whose key has a look-up value.
package struct KeyOwner: Sendable, Hashable {
  package var keyID: KeyID
  package var accountID: AccountID
  package var projectID: ProjectID
}

extension KeyRepository {
  /// The owners of those look-up values that there are. In a write transaction the answer holds
  /// until it ends.
  package func owners(of lookups: [Lookup]) throws(StoreError) -> [Lookup: KeyOwner] {
    var owners: [Lookup: KeyOwner] = [:]
    try transaction.forEach(
      among: lookups.map { .lookup($0) },
      """
      SELECT v.lookup, k.id, k.account_id, k.project_id
      FROM key_versions v JOIN keys k ON k.id = v.key_id WHERE v.lookup IN (?)
      """
    ) { (row: any Row) throws(StoreError) in
      owners[try row.lookup(0)] = KeyOwner(
        keyID: try row.id(1), accountID: try row.id(2), projectID: try row.id(3))
    }
    return owners
  }

  /// Those of the public ids that are taken.
  package func taken(publicIDs: [String], in project: ProjectID) throws(StoreError) -> Set<String> {
    var taken: Set<String> = []
    try transaction.forEach(
      among: publicIDs.map { .text($0) }, and: [.id(project)],
      "SELECT public_id FROM keys WHERE project_id = $1 AND public_id IN (?)"
    ) { (row: any Row) throws(StoreError) in taken.insert(try row.text(0)) }
    return taken
  }

  /// From here on `nextPublicInteger` gives greater numbers only.
  package func usePublicIntegers(upTo number: Int64, _ project: ProjectID) throws(StoreError) {
    try transaction.execute(
      "UPDATE projects SET public_integer = $2 WHERE id = $1 AND public_integer < $2",
      [.id(project), .integer(number)])
  }
}
