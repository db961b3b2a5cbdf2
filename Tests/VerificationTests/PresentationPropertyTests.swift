// A large number of calls that present a credential almost rightly, under all five schemes: none
// may pass. Seeded; LATCHKEY_CASES asks for more than the quick run does.
import Foundation
import KeyModel
import Testing
import Verification

@Suite("Credentials that are almost right")
struct PresentationPropertyTests {
  private static let schemes: [CredentialScheme] = [
    .bearer, .basic, .header("X-Api-Key"),
    .headerPair(id: "X-Client", secret: "X-Secret"),
    .authorizationPair(idHeader: "Client-Id", scheme: "apikey"),
  ]

  private struct Holder {
    var id: String
    var username: String
    var secret: String
  }

  /// A project per scheme, with two accounts of one key each; the last forms have no checksum.
  private func furnish(_ world: World, _ index: Int) -> [Holder] {
    var policy = Policy()
    policy.credential = Self.schemes[index]
    policy.environments[0].secretPrefix = index % 2 == 0 ? "sk_live_" : ""
    policy.secret.checksum = index < 2
    policy.secret.alphabet = [.base62, .base62, .hex, .base64url, .base62][index]
    let project = world.project(policy, slug: "p\(index)")
    return (0..<2).map { number in
      let account = world.account(of: project)
      let secret = world.token(policy)
      _ = world.key(account, tokens: [secret]) { $0.publicID = "PFK-\(number)" }
      let id = index == 1 ? "PFK-\(number)" : account.clientID
      return Holder(id: id, username: account.username, secret: secret)
    }
  }

  private func headers(_ index: Int, id: String, user: String, secret: String) -> [(String, String)]
  {
    switch Self.schemes[index] {
    case .bearer: [("authorization", "Bearer \(secret)")]
    case .basic: [("authorization", "Basic " + Base64Text.encode("\(id):\(secret)"))]
    case .header: [("x-api-key", secret)]
    case .headerPair: [("x-client", id), ("x-secret", secret)]
    case .authorizationPair: [("client-id", id), ("authorization", "apikey \(user):\(secret)")]
    }
  }

  private static let lookAlikes: [Character: String] = [
    "0": "O", "O": "0", "1": "l", "l": "1", "I": "l", "a": "а", "e": "е", "o": "о", "c": "с",
    "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "d": "ԁ", "b": "6", "f": "ſ",
  ]

  private func spoiled(_ secret: String, _ random: inout Seeded) -> String {
    var letters = secret.map(String.init)
    let at = Int.random(in: letters.indices, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: letters[at] = ["é", "\u{7F}", "ß", "\u{200B}", "鍵"].randomElement(using: &random)!
    case 1: letters = Array(letters.prefix(at))
    case 2:
      let cased = letters.indices.filter { letters[$0].first!.isLetter }
      guard let at = cased.randomElement(using: &random) else { return secret + "x" }
      let letter = letters[at]
      letters[at] = letter == letter.lowercased() ? letter.uppercased() : letter.lowercased()
    case 3:
      let like = letters.indices.filter { Self.lookAlikes[Character(letters[$0])] != nil }
      guard let at = like.randomElement(using: &random) else { return secret + "0" }
      letters[at] = Self.lookAlikes[Character(letters[at])]!
    default: letters.insert(letters[at], at: at)
    }
    return letters.joined()
  }

  private typealias Presented = (headers: [(String, String)], query: String?)

  private func presented(
    _ index: Int, _ own: Holder, _ other: Holder, _ random: inout Seeded
  ) -> Presented {
    func carried(_ secret: String) -> [(String, String)] {
      headers(index, id: own.id, user: own.username, secret: secret)
    }
    let right = carried(own.secret)
    let wrong = spoiled(own.secret, &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      let second = Bool.random(using: &random) ? other.secret : wrong
      let more = headers(index, id: other.id, user: other.username, secret: second)
      return (Bool.random(using: &random) ? right + more : more + right, nil)
    case 1:
      let word = ["Bearer ", "Basic u:", "apikey u:", ""].randomElement(using: &random)!
      return (right + [("authorization", word + other.secret)], nil)
    case 2: return ([], "api_key=\(own.secret)")
    case 3:
      let name = ["key", "access_token", "a=1&token"].randomElement(using: &random)!
      return (right, "\(name)=\(Bool.random(using: &random) ? own.secret : other.secret)")
    case 4:
      // A pair of two accounts; where there is no id, two halves of two secrets.
      if index == 0 || index == 2 {
        let half = own.secret.count / 2
        let mixed = own.secret.prefix(half) + other.secret.dropFirst(half)
        return (carried(String(mixed)), nil)
      }
      return (headers(index, id: own.id, user: own.username, secret: other.secret), nil)
    default: return (carried(wrong), nil)
    }
  }

  @Test("None of them is accepted, under any scheme, and each is told nothing but that it is wrong")
  func none() {
    let asked = ProcessInfo.processInfo.environment["LATCHKEY_CASES"].flatMap { Int($0) }
    let cases = asked ?? 50_000
    let world = World()
    let holders = Self.schemes.indices.map { furnish(world, $0) }
    var random = Seeded(state: 20_261_121)
    for index in Self.schemes.indices {
      for own in holders[index] {
        let right = headers(index, id: own.id, user: own.username, secret: own.secret)
        #expect(world.decide(Headers(right), project: "p\(index)")?.code == .valid)
      }
    }
    let told: Set<DecisionCode> = [.missing, .malformed, .notFound]
    for number in 0..<cases {
      let index = number % Self.schemes.count
      let own = Int.random(in: 0..<2, using: &random)
      let call = presented(index, holders[index][own], holders[index][1 - own], &random)
      let code = world.decide(Headers(call.headers), query: call.query, project: "p\(index)")?.code
      guard let code, told.contains(code) else {
        Issue.record("case \(number): \(code as Any) under \(Self.schemes[index])")
        return
      }
    }
  }
}
