// The callers of key versions beside the newest of each, which the usage ledger keeps. All of it is
// bounded: rows, callers of one version, bytes of text.
import KeyModel

final class CallerLedger {
  /// Rows of all versions together. A row is 80 bytes and its texts 288 at most, so a full ledger
  /// is 3 MB as a rule and 6 MB at worst.
  static let rowLimit = 16_384

  /// What tells one caller of a version from another.
  struct Name: Equatable {
    var addressHigh: UInt64
    var addressLow: UInt64
    /// Of `forms`.
    var form: UInt32

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool {
      left.form == right.form && left.addressLow == right.addressLow
        && left.addressHigh == right.addressHigh
    }
  }

  struct Row {
    var version: UInt128
    var key: UInt128
    var name: Name
    var lastSeen: Int64
    var calls: Int64
  }

  /// One version's callers, and those of them that have no row.
  struct Head {
    var version: UInt128
    var key: UInt128
    var rows = 0
    var otherCalls: Int64 = 0
    var othersLastSeen: Int64 = 0
  }

  let forms = CallerForms()
  private(set) var rows: [Row] = []
  private var index = PlaceTable(places: 256)
  private(set) var heads: [Head] = []
  private var headIndex = PlaceTable(places: 256)

  private static func hash(_ version: UInt128, _ name: Name) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: version) ^ name.addressLow &* 0x9E37_79B9_7F4A_7C15
    ByteHash.mix(&hash, name.addressHigh)
    ByteHash.mix(&hash, UInt64(name.form))
    return hash
  }

  /// - Parameter isLast: the table is being read; the newest caller of each version has its row
  ///   even where there are no more for others.
  func note(
    version: UInt128, key: UInt128, _ name: Name, calls: Int64, lastSeen: Int64, isLast: Bool
  ) {
    let hash = Self.hash(version, name)
    let found = index.find(hash) { rows[$0].version == version && rows[$0].name == name }
    if case .number(let number) = found {
      rows[number].calls += calls
      rows[number].lastSeen = max(rows[number].lastSeen, lastSeen)
      return
    }
    // Without any room left for its version a call is not kept; safe delete asks the version's
    // last use as well.
    guard let head = head(version, key, isLast) else { return }
    guard name.form != CallerForms.others, heads[head].rows < KeyCaller.perVersion,
      isLast || rows.count < Self.rowLimit
    else {
      heads[head].otherCalls += calls
      heads[head].othersLastSeen = max(heads[head].othersLastSeen, lastSeen)
      return
    }
    heads[head].rows += 1
    index.insert(hash, rows.count) { Self.hash(rows[$0].version, rows[$0].name) }
    rows.append(Row(version: version, key: key, name: name, lastSeen: lastSeen, calls: calls))
  }

  private func head(_ version: UInt128, _ key: UInt128, _ isLast: Bool) -> Int? {
    let hash = ByteHash.finish(UInt64(truncatingIfNeeded: version))
    if case .number(let number) = headIndex.find(hash, { heads[$0].version == version }) {
      return number
    }
    guard isLast || heads.count < Self.rowLimit else { return nil }
    headIndex.insert(hash, heads.count) {
      ByteHash.finish(UInt64(truncatingIfNeeded: heads[$0].version))
    }
    heads.append(Head(version: version, key: key))
    return heads.count - 1
  }
}
