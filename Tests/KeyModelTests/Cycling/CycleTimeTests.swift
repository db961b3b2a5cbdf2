// Slots, deadlines, and the clock they are judged by.
import KeyModel
import TestSupport
import Testing

@Suite("Cycle time")
struct CycleTimeTests {
  let day: Int64 = 20_000
  var midnight: Timestamp { Timestamp(seconds: day * 86_400) }

  @Test("slots begin at 00:00:00 UTC of the start date and every so many days after it")
  func slots() throws {
    let grid = CycleGrid(startsOn: day, everyDays: 30, atSecond: 0)
    let before = Timestamp(microseconds: midnight.microseconds - 1)
    #expect(grid.slot(at: before) == nil && grid.next(after: before) == midnight)
    #expect(grid.slot(at: midnight) == midnight)
    #expect(grid.next(after: midnight) == midnight.adding(seconds: 30 * 86_400))
    let late = midnight.adding(seconds: 95 * 86_400)
    #expect(grid.slot(at: late) == midnight.adding(seconds: 90 * 86_400))
    let noon = CycleGrid(startsOn: day, everyDays: 1, atSecond: 43_200)
    #expect(noon.next(after: midnight) == midnight.adding(seconds: 43_200))
  }

  @Test("slots that were missed come down to one, and a fresh commit skips one")
  func verdicts() {
    let grid = CycleGrid(startsOn: day, everyDays: 4, atSecond: 0)
    let slot = { midnight.adding(seconds: $0 * 4 * 86_400) }
    #expect(
      grid.verdict(next: slot(1), lastCommit: nil, now: slot(1).adding(seconds: -1)) == .notYet)
    #expect(
      grid.verdict(next: slot(1), lastCommit: nil, now: slot(1)) == .due(slot(1), missed: 0))
    #expect(
      grid.verdict(next: slot(1), lastCommit: nil, now: slot(8).adding(seconds: 5))
        == .due(slot(8), missed: 7))
    let fresh = slot(2).adding(seconds: -86_400 + 1)
    #expect(grid.verdict(next: slot(2), lastCommit: fresh, now: slot(2)) == .skip(slot(2)))
    let old = slot(2).adding(seconds: -86_400)
    #expect(
      grid.verdict(next: slot(2), lastCommit: old, now: slot(2)) == .due(slot(2), missed: 0))
    // A later start: the cursor says when the next is, whatever the grid has before it.
    #expect(grid.verdict(next: slot(3), lastCommit: nil, now: slot(2)) == .notYet)
  }

  @Test("a deadline is the policy's or shortly before the next slot, whichever is sooner")
  func deadlines() {
    let grid = CycleGrid(startsOn: day, everyDays: 1, atSecond: 0)
    #expect(
      grid.deadline(from: midnight, seconds: nil) == midnight.adding(seconds: 86_400 - 60))
    #expect(grid.deadline(from: midnight, seconds: 600) == midnight.adding(seconds: 600))
    #expect(
      grid.deadline(from: midnight, seconds: 999_999) == midnight.adding(seconds: 86_400 - 60))
    let late = midnight.adding(seconds: 86_390)
    #expect(grid.deadline(from: late, seconds: nil) == late.adding(seconds: 60))
  }

  @Test("the clock never goes back, and a leap ahead is believed when it lasts")
  func clock() {
    func time(_ seconds: Int64) -> Timestamp { midnight.adding(seconds: seconds) }
    func at(_ seconds: Int64) -> Int64 { seconds * 1_000_000 }
    var clock = CycleClock(highWater: midnight)
    // Down for a month: nobody can say that it leapt.
    #expect(clock.read(wall: time(2_592_000), elapsed: 0) == .time(time(2_592_000)))
    #expect(clock.read(wall: time(2_592_001), elapsed: at(1)) == .time(time(2_592_001)))
    // Back by a day: time stands until the wall has caught up.
    #expect(clock.read(wall: time(2_505_600), elapsed: at(2)) == .time(time(2_592_001)))
    #expect(clock.read(wall: time(2_592_003), elapsed: at(3)) == .time(time(2_592_003)))
    // Ahead by 400 days and back again before anybody believed it.
    #expect(clock.read(wall: time(37_152_000), elapsed: at(4)) == .held)
    #expect(clock.read(wall: time(37_152_050), elapsed: at(54)) == .held)
    #expect(clock.read(wall: time(2_592_058), elapsed: at(58)) == .time(time(2_592_058)))
    #expect(clock.highWater == time(2_592_058))
    // Ahead for good.
    #expect(clock.read(wall: time(37_152_000), elapsed: at(60)) == .held)
    #expect(clock.read(wall: time(37_152_059), elapsed: at(119)) == .held)
    #expect(clock.read(wall: time(37_152_060), elapsed: at(120)) == .time(time(37_152_060)))
    // Asleep for a week, and the elapsed time knows it.
    let awake = time(37_152_060 + 604_800)
    #expect(clock.read(wall: awake, elapsed: at(120 + 604_800)) == .time(awake))
  }

  @Test("whatever the wall clock does, time never goes back and never outruns belief")
  func anyClock() {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: UInt64(seed))
      var clock = CycleClock(highWater: midnight)
      var (wall, elapsed) = (midnight, Int64(0))
      var last = midnight
      for _ in 0..<200 {
        let passed = Int64(random.below(5)) * 1_000_000
        elapsed += passed
        wall.microseconds += passed
        if random.below(20) == 0 {
          wall = wall.adding(seconds: Int64(random.below(2_000_000)) - 1_000_000)
        }
        if case .time(let now) = clock.read(wall: wall, elapsed: elapsed) {
          #expect(now >= last)
          last = now
        }
        #expect(clock.highWater >= last)
      }
    }
  }
}
