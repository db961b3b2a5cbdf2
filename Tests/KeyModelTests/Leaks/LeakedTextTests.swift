// What scanners find holds the secret in many forms: each gives the secret among its candidates.
import Testing

@testable import KeyModel

struct LeakedTextTests {
  @Test(
    "the secret is among the candidates of every form in which calls carry it",
    arguments: [
      "sk_live_abc", "  \"sk_live_abc\"\n", "Bearer sk_live_abc", "secret-token:sk_live_abc",
      "Basic UEZLLTE6c2tfbGl2ZV9hYmM=", "UEZLLTE6c2tfbGl2ZV9hYmM=", "PFK-1:sk_live_abc",
      "apikey user:sk_live_abc", "Authorization: Bearer sk_live_abc", "'sk_live_abc'",
    ])
  func forms(found: String) {
    let candidates = LeakedText.candidates(found)
    #expect(candidates.contains("sk_live_abc"), "\(candidates)")
    #expect(Set(candidates).count == candidates.count && candidates.count <= 5)
  }

  @Test("nothing comes of nothing, nor of what is too long for a secret")
  func nothing() {
    #expect(LeakedText.candidates("") == [])
    #expect(LeakedText.candidates(" \n") == [])
    #expect(LeakedText.candidates(String(repeating: "x", count: 2049)) == [])
    #expect(LeakedText.candidates("secret-token:") == ["secret-token:"])
  }
}
