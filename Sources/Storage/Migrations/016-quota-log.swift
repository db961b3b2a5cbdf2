// Rows of quotas as they became, one after the other, before they are put into their table many at
// a time. Released: must not change.

extension Migration {
  static let quotaLog = Migration(version: 16) { types in
    let (integer, blob) = (types.integer, types.blob)
    return [
      """
      CREATE TABLE quota_log (
        number \(integer) NOT NULL, subject \(blob) NOT NULL, account_id \(blob) NOT NULL,
        day_start \(integer) NOT NULL, reserved \(integer) NOT NULL, told \(integer) NOT NULL,
        CONSTRAINT quota_log_number PRIMARY KEY (number)) \(types.table)
      """
    ]
  }
}
