// The request body of an import. A row that is wrong is refused by itself, never the request.
internal import Crypto
package import KeyModel

/// Why one row was not taken.
package struct ImportRefusal: Error, Sendable, Hashable {
  package var code: ImportCode
  package var detail: String
  /// Into the row.
  package var pointer: String?
  /// The key that is in the way, where the caller may know of it.
  package var keyID: KeyID?

  init(_ code: ImportCode, _ detail: String, at pointer: String? = nil, key: KeyID? = nil) {
    self.code = code
    self.detail = detail
    self.pointer = pointer
    keyID = key
  }

  /// All findings in one line.
  init(_ findings: [Problem.Finding]) {
    let all = findings.map { "\($0.pointer ?? ""): \($0.detail)" }.joined(separator: "; ")
    self.init(.validationFailed, all, at: findings.first?.pointer)
  }
}

package struct KeyImport: Sendable {
  package static let rowLimit = 1000

  package var rows: [Result<ImportRow, ImportRefusal>]
  /// Whose the rows are that name no account.
  package var account: AccountID?
  /// Of rows that name none.
  package var environment: String?
  /// Judge all rows and answer the same, but keep nothing.
  package var dryRun = false
  /// Make accounts and applications that rows name and that are not there.
  package var createMissing = false
  /// Also beyond the policy's limits of keys and applications.
  package var ignoreLimits = false

  package init(_ fields: inout Fields) throws(Problem) {
    rows =
      fields.required("keys") { fields, value in
        FieldRule.list(&fields, "keys", value, max: Self.rowLimit)?.map(ImportRow.read)
      } ?? []
    account = fields.optional("account_id", FieldRule.id("account_id", AccountTag.self))
    environment = fields.optional("environment", FieldRule.line("environment"))
    dryRun = fields.optional("dry_run", FieldRule.flag("dry_run")) ?? false
    createMissing = fields.optional("create_missing", FieldRule.flag("create_missing")) ?? false
    ignoreLimits = fields.optional("ignore_limits", FieldRule.flag("ignore_limits")) ?? false
    try fields.finish()
  }
}

package struct ImportRow: Sendable {
  enum Material: Sendable {
    case hash(Lookup)
    case secret(Secret)

    var secret: Secret? { if case .secret(let secret) = self { secret } else { nil } }
  }

  /// An account of the project, by its own id or by that of the operator's system.
  enum AccountName: Sendable, Hashable {
    case id(AccountID)
    case external(String)
  }

  var material: Material
  /// Empty where nothing is known of the secret.
  var hint: String
  var publicID: String?
  var account: AccountName?
  /// Of an account that is to be made; of one that is there they must be the same.
  var accountName: String?
  var plan: String?
  var clientID: String?
  var username: String?
  /// By name, where `new` has no id.
  var application: String?
  var new: NewKey

  /// Every member that a row may have.
  package static let fieldNames: [String] = {
    var fields = Fields(JSONObject())
    _ = try? ImportRow(&fields)
    return fields.names
  }()

  static func read(_ value: JSONValue) -> Result<ImportRow, ImportRefusal> {
    guard let object = value.object else {
      return .failure(ImportRefusal(.validationFailed, "a row must be an object"))
    }
    var fields = Fields(object)
    do {
      return .success(try ImportRow(&fields))
    } catch let refusal as ImportRefusal {
      return .failure(refusal)
    } catch let problem as Problem {
      return .failure(ImportRefusal(problem.findings))
    } catch {
      return .failure(ImportRefusal(.validationFailed, "a row cannot be read"))
    }
  }

  /// Throws `ImportRefusal`, or `Problem` with findings.
  package init(_ fields: inout Fields) throws {
    let hash = fields.optional("hash", FieldRule.line("hash"))
    let secret = fields.optional("secret", FieldRule.text("secret", max: 4096))
    let algorithm = fields.optional("algorithm", FieldRule.line("algorithm", max: 32))
    let encoding = fields.optional(
      "encoding",
      FieldRule.oneOf("encoding", ImportRules.HashEncoding.allCases.map { ($0.rawValue, $0) }))
    let given = fields.optional("hint", ImportFieldRule.hint("hint"))
    publicID = fields.optional("public_id", AccountRule.identifier("public_id"))
    account = ImportFieldRule.account(&fields)
    accountName = fields.optional("account_name", FieldRule.line("account_name"))
    plan = fields.optional("plan", FieldRule.line("plan", max: 64))
    clientID = fields.optional("client_id", AccountRule.identifier("client_id"))
    username = fields.optional("username", AccountRule.identifier("username"))
    application = fields.optional("application", FieldRule.line("application"))
    new = NewKey(reading: &fields)
    if application != nil, new.applicationID != nil {
      fields.report("application", "must not stand beside application_id")
    }
    if hash == nil, secret == nil { fields.report("hash", "is required, or secret") }
    if hash != nil, secret != nil { fields.report("hash", "must not stand beside secret") }
    try fields.finish()
    material = try ImportFieldRule.material(hash, secret, algorithm, encoding)
    hint = given ?? secret.map { TokenFormat.hint(of: Array($0.utf8)) } ?? ""
  }
}

enum ImportFieldRule {
  static func hint(_ name: String) -> FieldRule.Read<String> {
    { fields, value in
      guard let text = value.string, ImportRules.isHint(text) else {
        return FieldRule.wrong(&fields, name, "must be the last one to four characters")
      }
      return text
    }
  }

  static func account(_ fields: inout Fields) -> ImportRow.AccountName? {
    let id = fields.optional("account_id", FieldRule.id("account_id", AccountTag.self))
    let external = fields.optional("external_id", FieldRule.line("external_id"))
    if id != nil, external != nil {
      fields.report("external_id", "must not stand beside account_id")
    }
    return id.map { .id($0) } ?? external.map { .external($0) }
  }

  static func material(
    _ hash: String?, _ secret: String?, _ algorithm: String?,
    _ encoding: ImportRules.HashEncoding?
  ) throws -> ImportRow.Material {
    if let secret {
      try check(secret)
      return .secret(Secret(secret))
    }
    if let algorithm, algorithm.lowercased().replacing("-", with: "") != ImportRules.algorithm {
      throw ImportRefusal(
        .unsupportedAlgorithm, "only sha256 of the whole secret, without salt, can be looked up",
        at: "/algorithm")
    }
    do {
      return .hash(try ImportRules.lookup(ofHash: hash ?? "", encoding))
    } catch ImportCode.weakSecret {
      throw ImportRefusal(.weakSecret, "is the hash of an empty secret", at: "/hash")
    } catch {
      throw ImportRefusal(
        .malformedHash, "must be 32 bytes: 64 hexadecimal digits, or 43 or 44 of base 64",
        at: "/hash")
    }
  }

  private static func check(_ secret: String) throws {
    do {
      try ImportRules.check(secret: secret.utf8)
    } catch ImportCode.weakSecret {
      throw ImportRefusal(
        .weakSecret,
        "must have \(ImportRules.shortestSecret) characters or more, and more than four different "
          + "ones",
        at: "/secret")
    } catch {
      throw ImportRefusal(
        .validationFailed,
        "must be at most \(TokenFormat.maximumLength) visible ASCII characters without blanks",
        at: "/secret")
    }
  }
}
