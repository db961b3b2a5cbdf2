// What is decided on and what comes out.
import KeyModel

/// The call that is decided on; the bytes are borrowed for the duration of the decision.
@usableFromInline package struct Call {
  /// Empty where unknown: then no rule about methods applies.
  @usableFromInline package var method: UnsafeRawBufferPointer
  /// Up to the question mark, percent-encoding untouched. Empty where unknown: then no rule about
  /// routes applies.
  @usableFromInline package var path: UnsafeRawBufferPointer
  /// Nil where there is none.
  @usableFromInline package var query: UnsafeRawBufferPointer?
  /// Host without port, any case; empty where unknown: then hosts do not select an environment.
  @usableFromInline package var host: UnsafeRawBufferPointer
  @usableFromInline package var now: Timestamp
  @usableFromInline package init(
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer,
    query: UnsafeRawBufferPointer?, host: UnsafeRawBufferPointer, now: Timestamp
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.host = host
    self.now = now
  }

  var isIncomplete: Bool { method.isEmpty || path.isEmpty || host.isEmpty }

  /// Tells requests apart by method, path and query (FNV-1a). Who makes two of his own alike shares
  /// a count with himself.
  var fingerprint: UInt128 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ bytes: UnsafeRawBufferPointer) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0x0A) &* 0x100_0000_01B3
    }
    add(method)
    add(path)
    if let query { add(query) }
    return UInt128(hash) << 64 | UInt128(hash &* 0x9E37_79B9_7F4A_7C15)
  }
}

/// What of a call was unknown although a rule asks for it: an admission then holds for the key and
/// not yet for the call.
@usableFromInline package struct Unchecked: OptionSet, Sendable {
  @usableFromInline package let rawValue: UInt8
  @usableFromInline package init(rawValue: UInt8) { self.rawValue = rawValue }
  @usableFromInline package static let method = Unchecked(rawValue: 1)
  @usableFromInline package static let path = Unchecked(rawValue: 2)
  @usableFromInline package static let host = Unchecked(rawValue: 4)
}

/// The outcome for one call. The identity is there wherever the credential identified a key, also
/// in denials.
@usableFromInline package struct Decision {
  @usableFromInline package var code: DecisionCode
  @usableFromInline package var identity: Identity?
  /// Seconds for `Retry-After`, where the code has one.
  @usableFromInline package var retryAfterSeconds: Int64?
  /// Empty unless the code is `valid`.
  @usableFromInline package var unchecked: Unchecked = []
  /// What the limit that refused the call was; nil where none did.
  @usableFromInline package var limit: LimitFacts?
  /// What the call is refused with where a header makes another method of it; nil: that is the
  /// upstream's affair.
  var codeOfOverride: DecisionCode?

  init(_ code: DecisionCode, _ identity: Identity? = nil) {
    self.code = code
    self.identity = identity
  }

  mutating func refuse(_ code: DecisionCode, _ limit: LimitFacts, retryAfterSeconds: Int64?) {
    self.code = code
    unchecked = []
    self.limit = limit
    self.retryAfterSeconds = retryAfterSeconds
  }
}

/// What a refused caller may be told of a limit.
@usableFromInline package struct LimitFacts {
  @usableFromInline package var limit: Int64
  @usableFromInline package var remaining: Int64
  /// When more is to be had; nil where nobody knows.
  @usableFromInline package var resetsAt: Timestamp?
}

@usableFromInline package struct Identity {
  @usableFromInline package var keyID: KeyID
  @usableFromInline package var versionID: VersionID
  @usableFromInline package var accountID: AccountID
  @usableFromInline package var applicationID: ApplicationID
  /// Index into the policy's environments; -1 where the policy no longer has the key's.
  @usableFromInline package var environment: Int
  @usableFromInline package var kind: KeyKind
  @usableFromInline package var access: Access
  /// The account's number, for `Verifier.isBrand`; meaningless elsewhere.
  let account: UInt32
  /// Seconds after 00:00 UTC, by the policy.
  var countersResetAtSecond: Int32 = 0
}

extension QuotaRule {
  /// Whose day a call with this identity counts against.
  @inline(__always)
  package func subject(of identity: Identity) -> QuotaSubject {
    QuotaSubject(id: MeterSubjects(identity, nil)[scope], account: identity.accountID)
  }
}
