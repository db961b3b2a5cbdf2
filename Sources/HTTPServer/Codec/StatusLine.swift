// Status lines and reason phrases. Must not allocate for a status that is in the table.

enum StatusLine {
  static let maximumBytes = 64

  /// Writes `HTTP/1.1 200 OK` and CR LF to `out`; the number of bytes written.
  @inline(__always)
  static func write(_ status: Int, to out: UnsafeMutablePointer<UInt8>) -> Int {
    if status == 200 { return copy("HTTP/1.1 200 OK\r\n", to: out) }
    var count = copy("HTTP/1.1 ", to: out)
    out[count] = 0x30 + UInt8(truncatingIfNeeded: status / 100 % 10)
    out[count + 1] = 0x30 + UInt8(truncatingIfNeeded: status / 10 % 10)
    out[count + 2] = 0x30 + UInt8(truncatingIfNeeded: status % 10)
    out[count + 3] = Byte.space
    count += 4
    count += copy(reason(status), to: out + count)
    return count + copy("\r\n", to: out + count)
  }

  @inline(__always)
  static func copy(_ text: StaticString, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let count = text.utf8CodeUnitCount
    UnsafeMutableRawPointer(out).copyMemory(from: text.utf8Start, byteCount: count)
    return count
  }

  static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 423: "Locked"
    case 425: "Too Early"
    case 426: "Upgrade Required"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 451: "Unavailable For Legal Reasons"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: ""
    }
  }
}
