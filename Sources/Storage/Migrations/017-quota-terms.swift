// Which term wrote a row of the quotas: after a crash rows of an older one are short of an advance.
// Released: must not change.

extension Migration {
  static let quotaTerms = Migration(version: 17) { types in
    ["quotas", "quota_log"].map {
      "ALTER TABLE \($0) ADD COLUMN term \(types.integer) NOT NULL DEFAULT 0"
    }
  }
}
