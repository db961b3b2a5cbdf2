// What counts as an acknowledgement, to the byte.
import KeyModel
import Testing

@Suite("Cycle answers")
struct CycleAnswerTests {
  let id = "5f0c4d3e-0000-4000-8000-000000000001"
  let key = "sk-/secret+key~0123456789abcdef_Z"

  func judge(_ body: String, status: Int = 200, proof: [UInt8]? = nil) -> CycleAnswer {
    CycleQuestion(requestID: id, key: Array(key.utf8), proof: proof)
      .judge(status: status, body: Array(body.utf8))
  }

  @Test("the requestId bare, as a JSON string and in a JSON object acknowledges, with any 2xx")
  func accepted() {
    for body in [
      id, "\"\(id)\"", " \"\(id)\"\n", "{\"requestId\":\"\(id)\"}",
      "{\"ok\":true,\"requestId\":\"\(id)\",\"more\":[1]}",
      "{\"requestId\":\"\\u0035f0c4d3e-0000-4000-8000-000000000001\"}",
    ] {
      for status in [200, 201, 202, 299] {
        #expect(judge(body, status: status) == .acknowledged)
      }
    }
  }

  @Test("everything else is refused, with its reason")
  func refused() {
    let cases: [(String, CycleReason)] = [
      ("", .emptyBody), ("ok", .notAnEcho), ("\(id) ", .notAnEcho), ("\(id)\n", .notAnEcho),
      ("\" \(id)\"", .wrongRequestID), ("\"\(id.uppercased())\"", .wrongRequestID),
      ("{\"requestId\":\"\(id)x\"}", .wrongRequestID), ("{\"requestId\":7}", .notAnEcho),
      ("{\"request_id\":\"\(id)\"}", .notAnEcho), ("[\"\(id)\"]", .notAnEcho),
      ("{\"requestId\":\"\(id)\",\"requestId\":\"\(id)\"}", .notAnEcho),
      ("{\"a\":{\"requestId\":\"\(id)\"}}", .notAnEcho), ("null", .notAnEcho),
      ("<html>\(id)</html>", .notAnEcho), ("\(id)\(id)", .notAnEcho),
      (String(repeating: " ", count: 4096) + "\"\(id)\"", .bodyTooLarge),
    ]
    for (body, reason) in cases { #expect(judge(body) == .refused(reason), "\(body)") }
  }

  @Test("a status other than 2xx is refused whatever the body says; 410 means gone")
  func statuses() {
    for status in [199, 400, 401, 404, 429, 500, 503] {
      #expect(judge(id, status: status) == .refused(.status(status)))
    }
    for status in [300, 301, 302, 303, 307, 308, 399] {
      #expect(judge(id, status: status) == .refused(.redirected))
    }
    #expect(judge(id, status: 410) == .gone)
  }

  @Test("a reason is known again by its code")
  func codes() {
    for reason in [CycleReason.status(503), .redirected, .keyReflected, .timedOut, .urlRefused] {
      #expect(CycleReason(code: reason.code) == reason && !reason.sentence.isEmpty)
    }
    #expect(CycleReason(code: "status_") == nil && CycleReason(code: "key_changed") == nil)
  }

  @Test("an answer that holds the key, in whatever spelling, is refused")
  func reflected() {
    let bytes = Array(key.utf8)
    let base = String(decoding: Base64URL.encode(bytes), as: UTF8.self)
    let standard = base.replacing("-", with: "+").replacing("_", with: "/")
    let escaped = bytes.map { "%" + Hex.encode([$0]) }.joined()
    let unicode = bytes.map { "\\u00" + Hex.encode([$0]) }.joined()
    for form in [
      key, base, standard + "==", escaped, escaped.uppercased(), unicode,
      key.replacing("/", with: "\\/"), Hex.encode(bytes), Hex.encode(bytes).uppercased(),
    ] {
      #expect(
        judge("{\"requestId\":\"\(id)\",\"echo\":\"\(form)\"}") == .refused(.keyReflected),
        "\(form)")
      for fields in [[("X-Key", "a=\(form);")], [("Date", "x"), ("X-\(form)", "")]] {
        let answer = CycleQuestion(requestID: id, key: bytes, proof: nil)
          .judge(status: 204, fields: fields, body: Array(id.utf8))
        #expect(answer == .refused(.keyReflected), "\(form)")
      }
    }
    #expect(judge(key, status: 500) == .refused(.keyReflected))
  }

  @Test("where the policy wants a proof, only the object with the right one acknowledges")
  func proof() {
    let proof = [UInt8](repeating: 0xAB, count: 32)
    let base = String(decoding: Base64URL.encode(proof), as: UTF8.self)
    func body(_ text: String) -> String { "{\"requestId\":\"\(id)\",\"proof\":\"\(text)\"}" }
    for text in [Hex.encode(proof), Hex.encode(proof).uppercased(), base, base + "="] {
      #expect(judge(body(text), proof: proof) == .acknowledged, "\(text)")
    }
    #expect(judge(id, proof: proof) == .refused(.proofMissing))
    #expect(judge("\"\(id)\"", proof: proof) == .refused(.proofMissing))
    #expect(judge("{\"requestId\":\"\(id)\"}", proof: proof) == .refused(.proofMissing))
    for text in ["", "zz", Hex.encode(proof.dropLast()), String(Hex.encode(proof).dropLast())] {
      #expect(judge(body(text), proof: proof) == .refused(.proofWrong), "\(text)")
    }
  }
}
