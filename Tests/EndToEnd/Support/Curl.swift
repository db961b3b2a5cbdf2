// Real curl, as a customer would type it. No client of our own stands between test and server.
import Foundation

struct Answer: CustomStringConvertible {
  var status: Int
  /// In their order, names as sent.
  var headers: [(name: String, value: String)]
  var body: Data

  var text: String { String(decoding: body, as: UTF8.self) }
  func json() throws -> JSON { try JSON(parsing: body) }
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
  var description: String { "\(status) \(text.prefix(400))" }
}

enum Curl {
  /// - Parameters:
  ///   - arguments: further options of curl.
  static func call(_ url: String, _ arguments: [String] = [], seconds: Double = 60) throws -> Answer
  {
    let folder = try Folder()
    let (body, head) = (folder.file("body"), folder.file("head"))
    let command =
      ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "\(Int(seconds))"]
      + ["--path-as-is", "--output", body, "--dump-header", head] + arguments + [url]
    let child = try Child(command, folder: folder.path, name: "curl")
    let status = try child.wait(seconds: seconds + 10)
    guard status == 0 else { throw Failure("curl \(url) ended with \(status): \(child.errors)") }
    return try parse(
      head: String(decoding: FileManager.default.contents(atPath: head) ?? Data(), as: UTF8.self),
      body: FileManager.default.contents(atPath: body) ?? Data())
  }

  static func json(
    _ method: String, _ url: String, token: String? = nil, _ body: Any? = nil,
    headers: [String] = [], arguments: [String] = []
  ) throws -> Answer {
    var options = ["--request", method] + arguments
    if let token { options += ["--header", "Authorization: Bearer \(token)"] }
    for header in headers { options += ["--header", header] }
    if let body {
      options += ["--header", "Content-Type: application/json", "--data-binary", JSON.text(body)]
    }
    return try call(url, options)
  }

  /// The last head counts: `100 Continue` comes before the answer.
  private static func parse(head: String, body: Data) throws -> Answer {
    let heads = head.components(separatedBy: "\r\n\r\n").filter { $0.hasPrefix("HTTP/") }
    guard let lines = heads.last?.components(separatedBy: "\r\n"),
      let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { throw Failure("no answer in: \(head)") }
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (String(line[..<colon]), value)
    }
    return Answer(status: status, headers: headers, body: body)
  }
}
