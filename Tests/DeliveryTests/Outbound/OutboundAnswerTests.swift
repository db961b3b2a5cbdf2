// Reading an endpoint's answer.
import Testing

@testable import Delivery

struct OutboundAnswerTests {
  @Test("A header is found in any case, the first of its name")
  func header() {
    let answer = OutboundAnswer(
      status: 503, headers: [("retry-after", "7"), ("Retry-After", "9")])
    #expect(answer.header("Retry-After") == "7")
    #expect(answer.header("Location") == nil)
  }
}
