// Text with the placeholders of policy templates, cut into pieces once so that filling it in is
// copying bytes.
import KeyModel
import Verification

/// What a refusal can tell; everything is safe inside a JSON string and a field value.
struct DenialFacts {
  var requestID: RequestID
  var retryAfterSeconds: Int64?
  var limit: Int64?
  var remaining: Int64?
  var resetsAt: Timestamp?

  init(requestID: RequestID) { self.requestID = requestID }

  init(_ decision: Decision, requestID: RequestID) {
    self.requestID = requestID
    retryAfterSeconds = decision.retryAfterSeconds
    limit = decision.limit?.limit
    remaining = decision.limit?.remaining
    resetsAt = decision.limit?.resetsAt
  }
}

struct DenialText {
  enum Placeholder: String, CaseIterable {
    case limit, remaining
    case resetsAt = "resets_at"
    case retryAfter = "retry_after"
    case requestID = "request_id"
  }

  private enum Piece {
    case literal([UInt8])
    case placeholder(Placeholder)
  }

  private var pieces: [Piece] = []

  /// `{code}` and `{message}` are the same for every use of one text and are filled in here.
  /// - Parameter codeName: what `{code}` stands for; fewer callers may learn it than the code.
  init(_ text: [UInt8], code: DecisionCode, named codeName: String) {
    var literal: [UInt8] = []
    var at = 0
    while at < text.count {
      guard text[at] == UInt8(ascii: "{"), let name = Self.name(text, after: at) else {
        literal.append(text[at])
        at += 1
        continue
      }
      at += name.utf8.count + 2
      switch name {
      case "code": literal += codeName.utf8
      case "message": literal += DenialWords.message(for: code).utf8
      default:
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        literal = []
        if let placeholder = Placeholder(rawValue: name) {
          pieces.append(.placeholder(placeholder))
        }
      }
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
  }

  /// The known placeholder that begins at this brace; nil where the brace is only a brace.
  private static func name(_ text: [UInt8], after brace: Int) -> String? {
    guard let end = text[brace...].prefix(16).firstIndex(of: UInt8(ascii: "}")) else { return nil }
    let name = String(decoding: text[(brace + 1)..<end], as: UTF8.self)
    let isKnown = name == "code" || name == "message" || Placeholder(rawValue: name) != nil
    return isKnown ? name : nil
  }

  func append(_ facts: DenialFacts, to out: OutputBuffer) {
    for piece in pieces {
      switch piece {
      case .literal(let bytes): out.append(bytes)
      case .placeholder(.limit): Self.append(facts.limit, to: out)
      case .placeholder(.remaining): Self.append(facts.remaining, to: out)
      case .placeholder(.retryAfter): Self.append(facts.retryAfterSeconds, to: out)
      case .placeholder(.requestID): out.append(facts.requestID)
      case .placeholder(.resetsAt):
        if let time = facts.resetsAt { out.append(time) }
      }
    }
  }

  private static func append(_ number: Int64?, to out: OutputBuffer) {
    if let number { out.append(decimal: number) }
  }
}
