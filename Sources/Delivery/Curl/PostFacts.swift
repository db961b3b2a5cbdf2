// What is known of a POST that brought no complete answer, and what that means to the owner of the
// endpoint. One plain sentence each; no header, body or address of the operator's network in it.
internal import CCurl

struct PostFacts {
  /// Set as soon as the request itself could be on its way, on whichever connection.
  var mayHaveArrived = false
  var isTooLarge = false
  /// Why an address was not called; the last of several.
  var refusal: String?
  /// Connections that were tried.
  var opened = 0
  /// TCP and TLS both stood.
  var isConnected = false
  /// The head of an answer was there to its last line.
  var hasWholeHead = false
  /// OpenSSL's verdict on the certificate chain; 0 and 1 where the chain is not at fault.
  var verdict = 0

  /// - Parameter code: nil where the server cut it off.
  func failure(
    _ code: CURLcode?, host: String, _ seconds: Int64, _ latency: Int64
  ) -> OutboundFailure {
    func because(_ reason: OutboundFailure.Reason, _ detail: String) -> OutboundFailure {
      OutboundFailure(
        reason, detail, mayHaveArrived: mayHaveArrived, latencyMilliseconds: latency)
    }
    guard let code else { return because(.cancelled, "The server is stopping.") }
    if isTooLarge { return because(.answerTooLarge, "The answer of \(host) is too large.") }
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST:
      return because(.nameNotResolved, "The name \(host) does not resolve.")
    case CURLE_OPERATION_TIMEDOUT: return because(.timedOut, timeout(host, seconds))
    case CURLE_COULDNT_CONNECT, CURLE_ABORTED_BY_CALLBACK:
      if let refusal, opened == 0 || code == CURLE_ABORTED_BY_CALLBACK {
        return because(.addressRefused, "\(host) resolves to \(refusal).")
      }
      return because(.notConnected, "\(host) does not accept connections.")
    case CURLE_PEER_FAILED_VERIFICATION: return because(.tlsFailed, certificate(host))
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND:
      return because(.tlsFailed, "The TLS handshake with \(host) failed.")
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE,
      CURLE_SEND_FAIL_REWIND:
      return because(.connectionLost, loss(host))
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
      return mayHaveArrived
        ? because(.answerMalformed, "\(host) does not answer in HTTP.")
        : because(.urlRefused, "The URL cannot be called.")
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
      return because(.cancelled, "The server is out of something it needs.")
    default:
      return mayHaveArrived
        ? because(.answerMalformed, "\(host) answers with something that is not HTTP.")
        : because(.notConnected, "\(host) cannot be reached: \(CurlLoop.words(code)).")
    }
  }

  /// For an answer that ended within its head, which libcurl takes for whole.
  func cutHead(host: String, _ latency: Int64) -> OutboundFailure {
    OutboundFailure(
      .connectionLost, loss(host), mayHaveArrived: true, latencyMilliseconds: latency)
  }

  private func loss(_ host: String) -> String {
    let when = mayHaveArrived ? "before its answer was complete" : "before the request was sent"
    return "The connection to \(host) was lost \(when)."
  }

  private func timeout(_ host: String, _ seconds: Int64) -> String {
    // A kept connection is not made again: what was sent tells that it stood.
    if isConnected || mayHaveArrived {
      return "\(host) did not answer completely within \(seconds) s."
    }
    return opened > 0
      ? "\(host) did not accept a connection within \(seconds) s."
      : "The name \(host) was not resolved within \(seconds) s."
  }

  private func certificate(_ host: String) -> String {
    verdict <= 1
      ? "The certificate of \(host) is for another name."
      : "The certificate of \(host) is not trusted: \(TrustStore.words(verdict))."
  }
}
