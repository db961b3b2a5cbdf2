// Calls through a world's gateway, each on a connection of its own.
import TestSupport

extension GatewayWorld {
  /// The head of a call with this bearer token, or with none.
  static func request(
    _ target: String, method: String = "GET", headers: [String] = [], with token: String?
  ) -> String {
    let credential = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    let lines = headers.map { $0 + "\r\n" }.joined()
    return "\(method) \(target) HTTP/1.1\r\nHost: api.example\r\n\(credential)\(lines)\r\n"
  }

  @discardableResult
  func call(
    _ target: String, method: String = "GET", headers: [String] = [], body: String = "",
    with token: String?
  ) -> Answer? {
    let client = RawClient(port: gateway)
    client.send(Self.request(target, method: method, headers: headers, with: token) + body)
    return client.receiveAnswer(toHEAD: method == "HEAD")
  }
}
