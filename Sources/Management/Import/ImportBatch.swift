// Judges the rows of one import request, in their order, against the policy and what is stored, and
// makes the keys of those that are taken. It must not write keys.
internal import Crypto
internal import KeyModel
internal import Storage

struct ImportBatch {
  /// A row that is taken.
  struct Accepted {
    /// Without id and version.
    var key: Key
    var lookup: Lookup
    var hint: String
    /// Nil where only its hash is known.
    var secret: Secret?
    var isRecoverable: Bool
  }

  let request: KeyImport
  private let management: UseCases
  private let project: Project
  private let policy: Policy
  private let forms: TokenForms
  private(set) var places: ImportPlaces
  private(set) var accepted: [Accepted] = []
  private(set) var refusals: [(index: Int, refusal: ImportRefusal)] = []
  private var known = ImportKnown()
  private var active: [KeyFilter: Int] = [:]
  /// Of the keys that it makes.
  private let actor: String

  init(
    _ management: UseCases, _ project: Project, _ policy: Policy, _ request: KeyImport,
    actor: String
  ) {
    self.actor = actor
    self.management = management
    self.project = project
    self.policy = policy
    self.request = request
    forms = TokenForms(policy: policy)
    places = ImportPlaces(management, project, policy, request)
  }

  var alreadyImported: Int { refusals.filter { $0.refusal.code == .alreadyImported }.count }
  var refused: Int { refusals.count - alreadyImported }

  /// The account of all keys that were taken, where that is one.
  var onlyAccount: AccountID? {
    let first = accepted.first?.key.accountID
    return accepted.allSatisfy { $0.key.accountID == first } ? first : nil
  }

  mutating func judge(_ context: inout ChangeContext) throws {
    known = try ImportKnown(request, management.vault, project.id, policy, context.tx)
    try places.look(context.tx)
    for (index, row) in request.rows.enumerated() {
      do {
        accepted.append(try take(row.get(), at: index, &context))
      } catch let refusal as ImportRefusal {
        refusals.append((index, refusal))
      } catch let problem as Problem {
        guard let refusal = ImportRefusal(problem) else { throw problem }
        refusals.append((index, refusal))
      }
    }
  }

  private mutating func take(
    _ given: ImportRow, at index: Int, _ context: inout ChangeContext
  ) throws -> Accepted {
    var row = given
    let account = try places.account(of: row, context.tx)
    let lookup = try known.take(index, for: account?.id, project.id)
    try fit(&row)
    if row.new.environment == nil { row.new.environment = request.environment }
    try known.check(row.publicID, policy)
    let (home, plan) = try place(row, account, &context)
    try takeRoom(plan, home, context)
    let publicID =
      try row.publicID ?? management.makePublicID(project.id, policy, context)
    known.keep(index, row.publicID)
    let key = Key(
      id: KeyID(bits: 0), publicID: publicID, projectID: project.id, accountID: home,
      applicationID: plan.application.id, environment: plan.environment.name, kind: plan.kind,
      name: row.new.name, description: row.new.description, access: plan.access,
      routes: row.new.routes, createdAt: context.now, createdBy: actor,
      expiresAt: row.new.expiresAt)
    return Accepted(
      key: key, lookup: lookup, hint: row.hint, secret: row.material.secret,
      isRecoverable: plan.environment.reveal == .always)
  }

  /// Where the key goes and what it will be. Nothing is made for a row that would not be taken.
  private mutating func place(
    _ row: ImportRow, _ account: Account?, _ context: inout ChangeContext
  ) throws -> (AccountID, KeyPlan) {
    if let account, let found = try places.findApplication(of: row, account, context.tx) {
      return (account.id, try KeyPlan(row.new, .found(found), policy, now: context.now))
    }
    _ = try KeyPlan(row.new, .found(ImportPlaces.anyApplication(project)), policy, now: context.now)
    let home = try account ?? places.makeAccount(for: row, &context)
    let choice = try places.application(of: row, home, &context)
    return (home.id, try KeyPlan(row.new, choice, policy, now: context.now))
  }

  /// A secret of the policy's own form says itself which environment and kind it is of.
  private func fit(_ row: inout ImportRow) throws {
    guard case .secret(let secret) = row.material,
      let form = secret.withBytes({ forms.recognize($0) })
    else { return }
    if let kind = row.new.kind, kind != form.kind {
      throw ImportRefusal(
        .validationFailed, "the secret has the form of kind \(form.kind.name)", at: "/kind")
    }
    row.new.kind = form.kind
    guard let name = form.environment.map({ policy.environments[$0].name }) else { return }
    if let environment = row.new.environment, environment != name {
      throw ImportRefusal(
        .validationFailed, "the secret has the form of environment \(name)", at: "/environment")
    }
    row.new.environment = name
  }

  private mutating func takeRoom(
    _ plan: KeyPlan, _ account: AccountID, _ context: ChangeContext
  ) throws {
    guard !request.ignoreLimits, let limit = policy.keyLimit, let max = limit.max else { return }
    let place = limit.filter(
      account: account, application: plan.application.id, environment: plan.environment.name,
      at: context.now)
    let count = try active[place] ?? Int(context.tx.keys.count(place))
    active[place] = count
    guard count < max else {
      throw ImportRefusal(
        .keyLimitReached, "at most \(max) active keys per \(limit.per.rawValue)")
    }
    active[place] = count + 1
  }

  /// The keys of the accepted rows. In the order of their look-up values, with ids in the same
  /// order: neither of the two indexes is then written all over the place.
  func keys(_ context: ChangeContext) throws -> [Key] {
    let order = accepted.indices.sorted {
      accepted[$0].lookup.words.0.bigEndian < accepted[$1].lookup.words.0.bigEndian
    }
    let ids = order.map { _ in context.entropy.newID(context.now) as KeyID }.sorted()
    let pepper = try management.vault.newestPepper(context.tx)
    return try zip(order, ids).map { at, id in
      var key = accepted[at].key
      key.id = id
      return KeyLifecycle.issue(
        key, try version(accepted[at], id, pepper.pepperID, context), now: context.now)
    }
  }

  private func version(
    _ row: Accepted, _ key: KeyID, _ pepper: Int64, _ context: ChangeContext
  ) throws -> KeyVersion {
    let id: VersionID = context.entropy.newID(context.now)
    var version = KeyVersion(
      id: id, keyID: key, number: 1, state: .active, lookup: row.lookup, algorithm: .sha256,
      pepperID: 0, hint: row.hint, acceptedFrom: context.now, createdAt: context.now)
    guard let secret = row.secret else { return version }
    version.algorithm = .blake2b
    version.pepperID = pepper
    if row.isRecoverable {
      version.sealedSecret = try management.vault.seal(
        secret, at: .version(id, of: row.key.accountID), entropy: context.entropy, context.tx)
    }
    return version
  }
}

extension ImportRefusal {
  /// Nil for what concerns the whole request.
  fileprivate init?(_ problem: Problem) {
    switch problem.code {
    case .validationFailed: self.init(problem.findings)
    case .clientIDTaken: self.init(.clientIDTaken, problem.detail, at: "/client_id")
    default: return nil
    }
  }
}
