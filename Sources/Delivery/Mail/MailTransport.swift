// How a mail leaves the server. Nothing here knows what it says.
package import KeyModel

/// Hands mails to a mail server. Safe to use from many tasks at once.
package protocol MailTransport: Sendable {
  /// - Parameters:
  ///   - message: as `MIMEMessage` makes it.
  ///   - recipient: a normalized address.
  func send(_ message: [UInt8], to recipient: String) async -> MailOutcome

  /// The address that mails come from.
  var sender: String { get }
}
