// Which of an import's keys and public ids are there already, in the store or in an earlier row.
// All of them are asked for at once, before any row is judged.
internal import Crypto
internal import KeyModel
internal import Storage

struct ImportKnown {
  /// Under which values the secret of a row can be found; the first is the one it would be stored
  /// under.
  private var lookups: [[Lookup]] = []
  private var owners: [Lookup: KeyOwner] = [:]
  private var seen: Set<Lookup> = []
  private var publicIDs: Set<String> = []

  init() {}

  init(
    _ request: KeyImport, _ vault: Vault, _ project: ProjectID, _ policy: Policy,
    _ tx: Transaction
  ) throws {
    let newest = try vault.newestPepper(tx)
    let older = vault.keyring.peppers.filter { $0.pepperID != newest.pepperID }
    let good = request.rows.map { try? $0.get() }
    lookups = good.map { row in
      switch row?.material {
      case nil: []
      case .hash(let lookup): [lookup]
      case .secret(let secret):
        ([newest] + older).map { $0.lookup(of: secret) }
          + [secret.withBytes { LookupHasher.sha256(of: $0) }]
      }
    }
    // In their order, so that the index is read from end to end.
    owners = try tx.keys.owners(
      of: lookups.joined().sorted { $0.words.0.bigEndian < $1.words.0.bigEndian })
    let ids = good.compactMap { $0?.publicID }
    publicIDs = try tx.keys.taken(publicIDs: ids, in: project)
    if let greatest = ids.compactMap({ policy.publicID?.number(in: $0) })
      .filter({ $0 <= Self.greatestNumber }).max()
    {
      try tx.keys.usePublicIntegers(upTo: greatest, project)
    }
  }

  /// What counts on from here must have room.
  private static let greatestNumber: Int64 = 1 << 53

  /// The look-up value of a row whose key is nowhere yet.
  func take(_ index: Int, for account: AccountID?, _ project: ProjectID) throws -> Lookup {
    for lookup in lookups[index] {
      if let owner = owners[lookup] { throw Self.refusal(owner, account, project) }
      if seen.contains(lookup) {
        throw ImportRefusal(.duplicateInRequest, "an earlier row has the same key")
      }
    }
    guard let lookup = lookups[index].first else {
      throw ImportRefusal(.validationFailed, "has no key")
    }
    return lookup
  }

  private static func refusal(
    _ owner: KeyOwner, _ account: AccountID?, _ project: ProjectID
  ) -> ImportRefusal {
    if owner.accountID == account {
      return ImportRefusal(.alreadyImported, "the account has this key", key: owner.keyID)
    }
    return owner.projectID == project
      ? ImportRefusal(.duplicateKey, "another account has this key", key: owner.keyID)
      : ImportRefusal(.duplicateKey, "another project of this server has this key")
  }

  func check(_ publicID: String?, _ policy: Policy) throws {
    guard let publicID else {
      if !policy.credential.presentsPublicID { return }
      throw ImportRefusal(
        .publicIDRequired, "is required: calls name their key by it beside the secret",
        at: "/public_id")
    }
    if let number = policy.publicID?.number(in: publicID), number > Self.greatestNumber {
      throw ImportRefusal(.validationFailed, "is too large a number", at: "/public_id")
    }
    if publicIDs.contains(publicID) {
      throw ImportRefusal(
        .publicIDTaken, "another key of the project has this public id", at: "/public_id")
    }
  }

  /// The row is taken: later ones must be different.
  mutating func keep(_ index: Int, _ publicID: String?) {
    seen.formUnion(lookups[index])
    if let publicID { publicIDs.insert(publicID) }
  }
}
