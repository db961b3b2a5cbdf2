// Mails over libcurl's SMTP, on the loop of the outbound transport. The mail server is the
// operator's choice: its address is not guarded, its certificate is checked.
internal import CCurl
package import Crypto
package import KeyModel

/// Where mails are handed over.
package struct MailServer: Sendable {
  /// `smtp://` (STARTTLS where offered) or `smtps://`; may hold user and password.
  package var url: String
  package var user: String?
  package var password: Secret?
  /// A normalized address.
  package var sender: String
  /// A password may leave without TLS, because it does not leave the machine.
  package var isLoopback: Bool

  package init(
    url: String, user: String? = nil, password: Secret? = nil, sender: String, isLoopback: Bool
  ) {
    self.url = url
    self.user = user
    self.password = password
    self.sender = sender
    self.isLoopback = isLoopback
  }

  var needsTLS: Bool { (user != nil || url.contains("@")) && !isLoopback }
}

package struct CurlMail: MailTransport {
  private let server: MailServer
  private let transport: CurlTransport

  package init(_ server: MailServer, over transport: CurlTransport) {
    self.server = server
    self.transport = transport
  }

  package var sender: String { server.sender }

  package func send(_ message: [UInt8], to recipient: String) async -> MailOutcome {
    // Both stand in commands of their own lines.
    guard EmailAddress.normalized(recipient) != nil else {
      return .refused("The recipient is not a mail address.")
    }
    return await withCheckedContinuation { continuation in
      let transfer = MailTransfer(
        message, recipient, server, transport.trust, transport.loop.sockets
      ) {
        continuation.resume(returning: $0)
      }
      if !transport.loop.submit(transfer) { transfer.finish(nil, .none) }
    }
  }
}

/// Sendable: made on one thread, then touched on the loop's thread alone.
private final class MailTransfer: CurlTransfer, @unchecked Sendable {
  private let message: [UInt8]
  private let recipient: String
  private let server: MailServer
  private let trust: TrustStore
  private let sockets: CurlSockets
  private let report: @Sendable (MailOutcome) -> Void
  private let recipients = CurlLines()
  private var sent = 0

  init(
    _ message: [UInt8], _ recipient: String, _ server: MailServer, _ trust: TrustStore,
    _ sockets: CurlSockets, _ report: @escaping @Sendable (MailOutcome) -> Void
  ) {
    self.message = message
    self.recipient = recipient
    self.server = server
    self.trust = trust
    self.sockets = sockets
    self.report = report
  }

  func prepare(_ handle: CurlHandle) -> CURLcode {
    guard var options = CurlOptions(handle), recipients.append("<\(recipient)>") else {
      return CURLE_OUT_OF_MEMORY
    }
    options.set(CURLOPT_URL, server.url)
    options.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    let wish = server.needsTLS ? CURLUSESSL_ALL : CURLUSESSL_TRY
    options.set(CURLOPT_USE_SSL, Int(wish.rawValue))
    if let user = server.user { options.set(CURLOPT_USERNAME, user) }
    if let password = server.password { options.set(CURLOPT_PASSWORD, password.revealText()) }
    options.set(CURLOPT_MAIL_FROM, "<\(server.sender)>")
    options.set(CURLOPT_MAIL_RCPT, UnsafeMutableRawPointer(recipients.first))
    options.set(CURLOPT_UPLOAD, true)
    options.set(CURLOPT_INFILESIZE, message.count)
    options.set(CURLOPT_TIMEOUT_MS, 60_000)
    options.set(CURLOPT_PROXY, "")
    options.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    options.set(CURLOPT_NOSIGNAL, true)
    options.set(CURLOPT_QUICK_EXIT, true)
    trust.install(&options)
    sockets.install(&options)
    options.set(CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque())
    options.apply {
      latchkey_curl_set_reader($0) { bytes, size, count, transfer in
        guard let transfer, let bytes else { return 0 }
        return Unmanaged<MailTransfer>.fromOpaque(transfer).takeUnretainedValue()
          .give(bytes, size * count)
      }
    }
    return options.code
  }

  private func give(_ bytes: UnsafeMutablePointer<CChar>, _ room: Int) -> Int {
    let count = min(room, message.count - sent)
    message.withUnsafeBytes {
      UnsafeMutableRawPointer(bytes).copyMemory(from: $0.baseAddress! + sent, byteCount: count)
    }
    sent += count
    return count
  }

  func finish(_ code: CURLcode?, _ handle: CurlHandle) {
    report(MailWords.outcome(code, handle.number(CURLINFO_RESPONSE_CODE), handle))
  }
}

private enum MailWords {
  static func outcome(_ code: CURLcode?, _ status: Int, _ handle: CurlHandle) -> MailOutcome {
    guard let code else { return .postponed("The server is stopping.") }
    switch code {
    case CURLE_OK: return .accepted
    case CURLE_LOGIN_DENIED:
      return .postponed("The mail server does not accept the user and password.")
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT:
      return .postponed("The mail server cannot be reached.")
    case CURLE_OPERATION_TIMEDOUT: return .postponed("The mail server did not answer in time.")
    case CURLE_USE_SSL_FAILED:
      return .postponed("The mail server offers no TLS, and passwords are sent over TLS only.")
    case CURLE_PEER_FAILED_VERIFICATION:
      let verdict = handle.number(CURLINFO_SSL_VERIFYRESULT)
      let why = verdict <= 1 ? "it is for another name" : TrustStore.words(verdict)
      return .postponed("The mail server's certificate is not trusted: \(why).")
    default: break
    }
    // Of the permanent answers those about mailboxes and messages; the others are about us.
    if (550...559).contains(status) {
      return .refused("The mail server refused it with \(status).")
    }
    return .postponed(
      status >= 400
        ? "The mail server answered with \(status)."
        : "The mail server could not be spoken to: \(CurlLoop.words(code)).")
  }
}
