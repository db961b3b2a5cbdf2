// One key version as the data plane sees it: 96 bytes, no pointers. A row is never changed once it
// can be found; an update is a new row, and then the old one's mark says dead.
import KeyModel
import Synchronization

/// Everything a decision needs of one key version, its key's fields included.
struct Row {
  var lookup: Lookup
  var versionHigh: UInt64
  var versionLow: UInt64
  var keyHigh: UInt64
  var keyLow: UInt64
  /// Microseconds since 1970; `.max` where there is no end.
  var acceptedUntil: Int64
  var expiresAt: Int64
  /// Numbers in the stores of accounts, applications and details; a detail of 0 is none.
  var account: UInt32
  var application: UInt32
  var detail: UInt32
  /// Read and changed atomically.
  var mark: RowMark

  static let byteCount = 96
  static let markOffset = 92

  var keyID: KeyID { KeyID(bits: UInt128(keyHigh) << 64 | UInt128(keyLow)) }
  var versionID: VersionID { VersionID(bits: UInt128(versionHigh) << 64 | UInt128(versionLow)) }
}

/// The interned environment (high half), kind, access, version state, revocation and look-up
/// algorithm of a row, and whether it is live.
struct RowMark: Equatable {
  var bits: UInt32

  private static let live: UInt32 = 1 << 15
  static let dead = RowMark(bits: 1 << 14)

  init(bits: UInt32) { self.bits = bits }

  init(
    environment: UInt16, kind: KeyKind, access: Access, state: VersionState, revoked: Bool,
    algorithm: LookupAlgorithm
  ) {
    bits =
      UInt32(environment) << 16 | Self.live | UInt32(kind.rawValue) | UInt32(access.rawValue) << 1
      | UInt32(state.rawValue) << 2 | (revoked ? 1 << 5 : 0) | (algorithm == .sha256 ? 1 << 6 : 0)
  }

  var isLive: Bool { bits & Self.live != 0 }
  var environment: UInt16 { UInt16(truncatingIfNeeded: bits >> 16) }
  var kind: KeyKind { bits & 1 == 0 ? .secret : .publishable }
  var access: Access { bits & 2 == 0 ? .full : .readOnly }
  var revoked: Bool { bits & (1 << 5) != 0 }
  /// The look-up value is the plain SHA-256 of the token.
  var isSHA256: Bool { bits & (1 << 6) != 0 }
  /// Pending, active and retiring versions are accepted until their end; the others never.
  var mayBeAccepted: Bool { (bits >> 2) & 7 <= UInt32(VersionState.retiring.rawValue) }
}
