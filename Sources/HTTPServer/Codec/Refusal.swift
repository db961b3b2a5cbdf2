// Why a request head is not served, each with the status of its answer. Must not hold any byte of
// the request: these texts go back to the client and into logs.

enum Refusal: UInt8, Sendable, CaseIterable {
  case requestLine, target, version, field, tooManyFields, headTooLarge, targetTooLong
  case host, contentLength, transferEncoding, ambiguousLength, unknownCoding, expectation, method

  var status: Int {
    switch self {
    case .targetTooLong: 414
    case .tooManyFields, .headTooLarge: 431
    case .version: 505
    case .unknownCoding, .method: 501
    case .expectation: 417
    default: 400
    }
  }

  var detail: StaticString {
    switch self {
    case .requestLine: "The request line is malformed."
    case .target: "The request target is malformed or disagrees with Host."
    case .version: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
    case .field: "A header line is malformed."
    case .tooManyFields: "There are too many header lines."
    case .headTooLarge: "The request head is too large."
    case .targetTooLong: "The request target is too long."
    case .host: "There must be exactly one valid Host."
    case .contentLength: "Content-Length is not one plain number."
    case .transferEncoding: "Transfer-Encoding is malformed."
    case .ambiguousLength: "Content-Length and Transfer-Encoding exclude each other."
    case .unknownCoding: "The only transfer coding known here is chunked."
    case .expectation: "The only expectation known here is 100-continue."
    case .method: "This method is not implemented."
    }
  }
}

enum HeadProgress: Equatable {
  case incomplete
  case complete
  case refused(Refusal)
}
