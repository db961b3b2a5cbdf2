// A look-up value made anew under the newest pepper, on its way from the call that showed the token
// to the store. It holds look-up values only, so no token outlives its call for it.

package struct Rehash: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    case version(VersionID, of: KeyID)
    case operatorKey(OperatorKeyID)
  }
  package var subject: Subject
  /// Under the pepper before; who has another one by now is left alone.
  package var former: Lookup
  package var lookup: Lookup
  /// Of the pepper that made `lookup`.
  package var pepperID: Int64
  package init(subject: Subject, former: Lookup, lookup: Lookup, pepperID: Int64) {
    self.subject = subject
    self.former = former
    self.lookup = lookup
    self.pepperID = pepperID
  }
}
