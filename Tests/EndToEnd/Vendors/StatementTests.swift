// Every numbered statement about the five vendors is tested by a test that bears its number, or
// stands here with what it waits for or why it is not ours. Nothing is missing silently.
import Foundation
import Testing

@Suite("Vendor statements")
struct StatementTests {
  struct Vendor: CustomTestStringConvertible {
    /// Below `Tests`, without their suffix.
    var files: [String]
    var prefix: String
    var numbers: [ClosedRange<Int>]
    /// What is tested elsewhere, later or not at all, and why.
    var elsewhere: [(numbers: [ClosedRange<Int>], why: String)]
    var testDescription: String { prefix }
  }

  static let vendors = [
    Vendor(
      files: ["EndToEnd/Vendors/TruliooTests", "EndToEnd/Vendors/TruliooCyclingTests"],
      prefix: "TRU",
      numbers: [1...7, 10...17, 20...26, 30...38],
      elsewhere: [
        ([2...2], "the upstream's answer"), ([6...6], "not modelled: keys of another product"),
        ([7...7], "other products of the vendor"),
      ]),
    Vendor(
      files: ["EndToEnd/Vendors/TrueworkTests", "EndToEnd/Vendors/WebhookVendorTests"],
      prefix: "TW",
      numbers: [1...16, 20...23, 30...31, 40...48],
      elsewhere: [
        ([4...4], "comes with import"), ([20...23], "not modelled: version pinning"),
        ([46...46], "not modelled: versions of events"),
        ([47...47], "GET /v1/outgoing-addresses, tested with the outbound transport"),
        ([48...48], "a gap in the vendor's text"),
      ]),
    Vendor(
      files: ["EndToEnd/Vendors/TrueContextTests", "EndToEnd/Vendors/TrueContextMeteringTests"],
      prefix: "TC",
      numbers: [1...8, 10...14, 20...27, 30...34],
      elsewhere: [
        ([12...12], "the deployment's TLS"),
        ([33...34], "the upstream's"),
      ]),
    Vendor(
      files: [
        "EndToEnd/Vendors/VeryfiTests", "EndToEnd/VeryfiSelfServiceTests",
        "ConsoleTests/MemberTests", "EndToEnd/Vendors/WebhookVendorTests",
      ],
      prefix: "VF",
      numbers: [1...18, 20...22, 30...33, 40...41, 50...54].map { $0 },
      elsewhere: [
        ([4...9], "not modelled: request signatures"),
        ([41...41], "an older text, which the newer one of VF-40 replaces"),
        ([53...53], "not modelled: a check by a secret that the user types"),
        ([54...54], "a gap in the vendor's text"),
      ]),
    Vendor(
      files: ["EndToEnd/Vendors/TruvTests", "EndToEnd/Vendors/WebhookVendorTests"],
      prefix: "TV",
      numbers: [1...14, 20...23, 30...33, 40...50],
      elsewhere: [
        ([10...10], "the upstream's work"), ([13...13], "a dashboard's affair"),
        ([22...22], "the upstream's answers"),
        ([31...31], "not modelled: bodies are never kept"), ([32...32], "not published"),
        ([50...50], "GET /v1/outgoing-addresses, tested with the outbound transport"),
      ]),
  ]

  @Test(
    "Each statement is tested under its number or accounted for, and none twice so",
    arguments: vendors)
  func complete(vendor: Vendor) throws {
    let text = try vendor.files.map {
      try String(contentsOfFile: Place.repository + "/Tests/\($0).swift", encoding: .utf8)
    }.joined()
    let tested = Set(
      try Regex("\(vendor.prefix)-([0-9]+)").matches(in: text).compactMap { Int($0) })
    let accounted = vendor.elsewhere.flatMap { $0.numbers.flatMap { Array($0) } }
    #expect(Set(accounted).count == accounted.count)
    #expect(tested.isDisjoint(with: accounted), "\(tested.intersection(accounted))")
    let all = Set(vendor.numbers.flatMap { Array($0) })
    #expect(tested.union(accounted) == all, "\(all.symmetricDifference(tested.union(accounted)))")
  }
}

extension Regex<AnyRegexOutput> {
  fileprivate func matches(in text: String) -> [Substring] {
    text.matches(of: self).compactMap { $0.output[1].substring }
  }
}
