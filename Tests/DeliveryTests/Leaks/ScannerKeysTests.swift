// The list of a scanner's keys: fetched once, kept, and asked for again no oftener than once a
// minute, however many unknown keys are named.
import Synchronization
import Testing

@testable import Delivery

struct ScannerKeysTests {
  private final class Source: Sendable {
    let fetches = Mutex(0)
    let time = Mutex<Int64>(1)
    let list = Mutex<[UInt8]?>(nil)

    func keys() -> ScannerKeys {
      ScannerKeys(
        elapsed: { self.time.withLock { $0 } },
        fetch: {
          self.fetches.withLock { $0 += 1 }
          return self.list.withLock { $0 }
        })
    }

    func publish(_ ids: [String]) {
      let items = ids.map { "{\"key_identifier\":\"\($0)\",\"key\":\"\(Self.pem)\"}" }
      list.withLock {
        $0 = Array("{\"public_keys\":[\(items.joined(separator: ","))]}".utf8)
      }
    }

    func wait(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }
    var count: Int { fetches.withLock { $0 } }

    private static let pem =
      "-----BEGIN PUBLIC KEY-----\\n"
      + "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\\n"
      + "kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\\n-----END PUBLIC KEY-----\\n"
  }

  @Test("a known key costs one fetch a day, unknown ones one a minute")
  func fetches() async {
    let source = Source()
    source.publish(["one"])
    let keys = source.keys()
    for _ in 0..<3 { #expect(await keys.key("one") != nil) }
    #expect(source.count == 1)
    for _ in 0..<50 { #expect(await keys.key("two") == nil) }
    #expect(source.count == 1, "just asked")
    source.wait(seconds: 61)
    source.publish(["two"])
    #expect(await keys.key("two") != nil)
    #expect(await keys.key("one") == nil, "what is no longer listed is no longer believed")
    #expect(source.count == 2)
    source.wait(seconds: 86_401)
    #expect(await keys.key("two") != nil)
    #expect(source.count == 3)
  }

  @Test("a list that cannot be had, or is none, leaves the keys that are known")
  func away() async {
    let source = Source()
    let keys = source.keys()
    #expect(await keys.key("one") == nil)
    source.wait(seconds: 61)
    source.publish(["one"])
    #expect(await keys.key("one") != nil)
    for broken in [nil, "", "[]", "{\"public_keys\":[]}", "{\"public_keys\":[{\"key\":1}]}"] {
      source.list.withLock { $0 = broken.map { Array($0.utf8) } }
      source.wait(seconds: 86_401)
      #expect(await keys.key("one") != nil)
    }
  }

  @Test("many reports at once fetch once")
  func together() async {
    let source = Source()
    source.publish(["one"])
    let keys = source.keys()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 { group.addTask { await keys.key("one") != nil } }
      for await found in group { #expect(found) }
    }
    #expect(source.count == 1)
  }
}
