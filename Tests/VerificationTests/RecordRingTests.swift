// The ring between a worker and the thread that stores records: nothing lost unless counted,
// nothing torn, nothing twice.
import Foundation
import KeyModel
import Synchronization
import Testing
import Verification

@Suite struct RecordRingTests {
  /// A record of the tests: its length, its number, and its number again in every further byte.
  private static func write(_ number: UInt32, _ count: Int, to ring: RecordRing) -> Bool {
    ring.write(count) { room in
      room.storeBytes(of: UInt32(count), toByteOffset: 0, as: UInt32.self)
      room.storeBytes(of: number, toByteOffset: 4, as: UInt32.self)
      for at in 8..<count { room[at] = UInt8(truncatingIfNeeded: number) }
    }
  }

  /// The numbers in a run; nil where a record is torn.
  private static func numbers(_ run: UnsafeRawBufferPointer) -> [UInt32]? {
    var numbers: [UInt32] = []
    var at = 0
    while at < run.count {
      guard run.count - at >= 8 else { return nil }
      let count = Int(run.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      let number = run.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
      guard count >= 8, at + count <= run.count,
        run[(at + 8)..<(at + count)].allSatisfy({ $0 == UInt8(truncatingIfNeeded: number) })
      else { return nil }
      numbers.append(number)
      at += count
    }
    return numbers
  }

  private static func drain(_ ring: RecordRing) -> [UInt32]? {
    var all: [UInt32]? = []
    ring.drain { run in
      let some = numbers(run)
      all = some.flatMap { some in all.map { $0 + some } }
    }
    return all
  }

  @Test("what is written comes out once, whole and in order, over many laps")
  func laps() {
    let ring = RecordRing(capacity: 1000)
    var random = Seeded(state: 3)
    var next: UInt32 = 0
    var expected: UInt32 = 0
    for _ in 0..<5000 {
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        if Self.write(next, Int.random(in: 8...90, using: &random), to: ring) { next += 1 }
      }
      guard let numbers = Self.drain(ring) else { return #expect(Bool(false), "torn") }
      #expect(numbers == Array(expected..<next))
      expected = next
    }
    #expect(next > 10_000)
  }

  @Test("a full ring drops and counts, keeps what it has, and takes again once it was drained")
  func full() {
    let ring = RecordRing(capacity: 256)
    let taken = (0..<10).filter { Self.write(UInt32($0), 40, to: ring) }
    #expect(taken == [0, 1, 2, 3, 4, 5])
    #expect(ring.dropped == 4)
    #expect(Self.drain(ring) == [0, 1, 2, 3, 4, 5])
    #expect(Self.write(11, 40, to: ring))
    #expect(Self.drain(ring) == [11])
    #expect(Self.drain(ring) == [])
  }

  @Test("what was drained leaves its whole room, wherever the ring stands", arguments: 0..<25)
  func room(start: Int) {
    let ring = RecordRing(capacity: 1000)
    for number in 0..<start {
      #expect(Self.write(UInt32(number), 40, to: ring))
      #expect(Self.drain(ring) == [UInt32(number)])
    }
    // The gap at the end of a lap costs one record at most, the mark of a full ring another.
    #expect((0..<23).allSatisfy { Self.write(UInt32($0), 40, to: ring) })
    #expect(Self.drain(ring)?.count == 23)
  }

  @Test("the consumer is called once when the ring is half full, and again after it came")
  func call() {
    let counter = CallCounter()
    let ring = RecordRing(capacity: 1000) { counter.calls.add(1, ordering: .relaxed) }
    for number in 0..<9 { _ = Self.write(UInt32(number), 50, to: ring) }
    #expect(counter.calls.load(ordering: .relaxed) == 0)
    for number in 9..<15 { _ = Self.write(UInt32(number), 50, to: ring) }
    #expect(counter.calls.load(ordering: .relaxed) == 1)
    _ = Self.drain(ring)
    for number in 0..<15 { _ = Self.write(UInt32(number), 50, to: ring) }
    #expect(counter.calls.load(ordering: .relaxed) == 2)
  }

  private final class CallCounter: Sendable { let calls = Atomic<Int>(0) }

  @Test("what the consumer could not take comes again")
  func failure() throws {
    struct Away: Error {}
    let ring = RecordRing(capacity: 1000)
    for number in 0..<5 { _ = Self.write(UInt32(number), 50, to: ring) }
    #expect(throws: Away.self) { try ring.drain { _ in throw Away() } }
    #expect(Self.drain(ring) == [0, 1, 2, 3, 4])
  }

  @Test("two threads: each record that was taken arrives once, whole and in order")
  func threads() {
    let ring = RecordRing(capacity: 1 << 14)
    let count: UInt32 = 300_000
    let taken = CallCounter()
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      var random = Seeded(state: 5)
      for number in 0..<count {
        let size = Int.random(in: 8...300, using: &random)
        if Self.write(number, size, to: ring) { taken.calls.add(1, ordering: .relaxed) }
      }
      done.signal()
    }
    var last: Int64 = -1
    var seen = 0
    var isSound = true
    func look() {
      guard let numbers = Self.drain(ring) else {
        isSound = false
        return
      }
      for number in numbers {
        if Int64(number) <= last { isSound = false }
        last = Int64(number)
      }
      seen += numbers.count
    }
    while done.wait(timeout: .now()) == .timedOut { look() }
    look()
    #expect(isSound)
    #expect(seen == taken.calls.load(ordering: .relaxed))
    #expect(seen + ring.dropped == Int(count))
    #expect(seen > 1000)
  }
}
