// One key version as the data plane sees it: 128 bytes, two cache lines, no pointers. A row is
// never changed once it can be found; an update is a new row in its place.
import KeyModel

/// Everything a decision needs of one key version, its key's fields included.
struct Row {
  var lookup: Lookup
  var versionID: UInt128
  var keyID: UInt128
  var applicationID: UInt128
  /// Microseconds since 1970; `.max` where there is no end.
  var acceptedFrom: Int64
  var acceptedUntil: Int64
  var expiresAt: Int64
  /// Index into the account store.
  var account: UInt32
  /// Index into the project directory.
  var project: UInt32
  /// Index into the detail store, 0 where the key has neither routes nor a public id.
  var detail: UInt32
  /// Interned name of the environment: it stays when a policy changes its list.
  var environment: UInt16
  /// See `RowFlags`.
  var flags: UInt16

  static let byteCount = 128
}

/// Kind, access, version state and revocation of a row in one word.
struct RowFlags: Equatable {
  var bits: UInt16

  init(kind: KeyKind, access: Access, state: VersionState, revoked: Bool) {
    bits =
      UInt16(kind.rawValue) | UInt16(access.rawValue) << 1 | UInt16(state.rawValue) << 2
      | (revoked ? 1 << 5 : 0)
  }

  init(bits: UInt16) { self.bits = bits }

  var kind: KeyKind { bits & 1 == 0 ? .secret : .publishable }
  var access: Access { bits & 2 == 0 ? .full : .readOnly }
  var revoked: Bool { bits & (1 << 5) != 0 }
  /// Pending, active and retiring versions are accepted within their window; the others never.
  var mayBeAccepted: Bool { (bits >> 2) & 7 <= UInt16(VersionState.retiring.rawValue) }
}
