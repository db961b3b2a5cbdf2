// How an import is answered: counts, and each row that was not taken. Never a secret or a hash.
internal import KeyModel

extension Represent {
  static func imported(_ batch: ImportBatch) -> JSONValue {
    [
      "dry_run": .bool(batch.request.dryRun),
      "received": .integer(Int64(batch.request.rows.count)),
      "imported": .integer(Int64(batch.accepted.count)),
      "already_imported": .integer(Int64(batch.alreadyImported)),
      "refused": .integer(Int64(batch.refused)),
      "accounts_created": .integer(Int64(batch.places.accountsMade)),
      "applications_created": .integer(Int64(batch.places.applicationsMade)),
      "refusals": .array(batch.refusals.map(refusal)),
    ]
  }

  private static func refusal(_ index: Int, _ refusal: ImportRefusal) -> JSONValue {
    [
      "index": .integer(Int64(index)), "code": .string(refusal.code.rawValue),
      "detail": .string(refusal.detail),
      "pointer": refusal.pointer.map { .string("/keys/\(index)\($0)") } ?? .null,
      "key_id": refusal.keyID.map { .string($0.description) } ?? .null,
    ]
  }
}
