// The query as a value, and the test of packed records against it.
import KeyModel
import Testing

@Suite("Queries of the request log")
struct RecordQueryTests {
  private static func filter(_ change: (inout RecordFilter) -> Void) -> RecordFilter {
    var filter = RecordFilter()
    change(&filter)
    return filter
  }

  @Test("A status is asked for exactly or by its class, in no other spelling")
  func statuses() {
    #expect(StatusFilter("200") == .exact(200))
    #expect(StatusFilter("4xx") == .hundreds(4) && StatusFilter("5XX") == .hundreds(5))
    for text in ["", "20", "2000", "6xx", "0xx", "600", "099", "2x0", "4xX", "+20", "２００", "x00"] {
      #expect(StatusFilter(text) == nil, "\(text)")
    }
  }

  @Test("An empty filter lets everything pass")
  func empty() { #expect(RecordSample().fits(RecordFilter())) }

  @Test("Each condition lets its records pass and no others")
  func conditions() {
    var sample = RecordSample()
    sample.brand = Array("acme".utf8)
    sample.fields.denial = .revoked
    sample.fields.status = 401
    let matching: [RecordFilter] = [
      Self.filter { $0.status = .exact(401) }, Self.filter { $0.status = .hundreds(4) },
      Self.filter { $0.brand = "acme" }, Self.filter { $0.key = KeyID(bits: 11) },
      Self.filter { $0.method = "GET" }, Self.filter { $0.pathPrefix = "/v1/or" },
      Self.filter { $0.pathPrefix = "/v1/orders/17" }, Self.filter { $0.pathPrefix = "" },
      Self.filter { $0.denial = .revoked },
    ]
    for filter in matching { #expect(sample.fits(filter), "\(filter)") }
    let others: [RecordFilter] = [
      Self.filter { $0.status = .exact(400) }, Self.filter { $0.status = .hundreds(2) },
      Self.filter { $0.brand = "acm" }, Self.filter { $0.brand = "acme2" },
      Self.filter { $0.brand = "" }, Self.filter { $0.key = KeyID(bits: 12) },
      Self.filter { $0.method = "get" }, Self.filter { $0.pathPrefix = "/v1/orders/17/" },
      Self.filter { $0.pathPrefix = "v1" }, Self.filter { $0.denial = .expired },
    ]
    for filter in others { #expect(!sample.fits(filter), "\(filter)") }
  }

  @Test("All conditions must hold together")
  func together() {
    let filter = Self.filter {
      $0.status = .exact(200)
      $0.method = "GET"
      $0.pathPrefix = "/v2"
    }
    #expect(!RecordSample().fits(filter))
  }

  @Test("A range begins with its first moment and ends before its last")
  func range() {
    let sample = RecordSample()
    let (now, later) = (
      sample.fields.time, Timestamp(microseconds: sample.fields.time.microseconds + 1)
    )
    #expect(sample.fits(Self.filter { $0.from = now }))
    #expect(!sample.fits(Self.filter { $0.from = later }))
    #expect(sample.fits(Self.filter { $0.to = later }))
    #expect(!sample.fits(Self.filter { $0.to = now }))
  }

  @Test("A brand or path that was cut is found by its whole name")
  func cutNames() {
    var sample = RecordSample()
    let name = String(repeating: "b", count: 300)
    sample.brand = Array(name.utf8)
    sample.path = Array(("/" + String(repeating: "p", count: 3_000)).utf8)
    #expect(sample.fits(Self.filter { $0.brand = name }))
    #expect(sample.fits(Self.filter { $0.pathPrefix = "/" + String(repeating: "p", count: 2_500) }))
  }

  @Test("A record without an account belongs to its project")
  func owner() throws {
    for (account, owner) in [(0, 5), (7, 7)] as [(UInt128, UInt128)] {
      let bytes = RecordSample(account: account).packed
      #expect(bytes.withUnsafeBytes { PackedRecord($0)?.owner } == owner)
    }
    #expect(RecordOwner.account(AccountID(bits: 7)).bits == 7)
    #expect(RecordOwner.project(ProjectID(bits: 5)).bits == 5)
  }
}
