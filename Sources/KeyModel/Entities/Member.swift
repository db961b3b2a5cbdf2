// A person who belongs to an account, and the form of the address that names that person.

package struct Member: Hashable, Sendable {
  package var id: MemberID
  package var projectID: ProjectID
  package var accountID: AccountID
  /// As `EmailAddress` normalizes it; unique in the account.
  package var email: String
  /// Name of a role of the policy.
  package var role: String
  /// Given to this member besides those of the role.
  package var permissions: Set<MemberPermission>
  package var createdAt: Timestamp
  package var revision: Int64

  package init(
    id: MemberID, projectID: ProjectID, accountID: AccountID, email: String, role: String,
    permissions: Set<MemberPermission> = [], createdAt: Timestamp, revision: Int64 = 1
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.email = email
    self.role = role
    self.permissions = permissions
    self.createdAt = createdAt
    self.revision = revision
  }
}

/// `local@domain` of RFC 5321 without quoting, comments and address literals: what people have.
package enum EmailAddress {
  /// In lower case; nil for what is no address. At most 254 bytes, ASCII.
  package static func normalized(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard bytes.count <= 254, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), parts.count == 2,
      isLocal(parts[0]), isDomain(parts[1])
    else { return nil }
    return text.lowercased()
  }

  private static func isLocal(_ text: Substring) -> Bool {
    text.utf8.count <= 64
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
        !atom.isEmpty
          && atom.utf8.allSatisfy {
            isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0)
          }
      }
  }

  private static func isDomain(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return labels.count > 1
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
