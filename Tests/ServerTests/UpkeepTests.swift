// How long usage is gathered before it is stored; a turn is a quarter of a second.
import Testing

@testable import Server

@Suite("Upkeep")
struct UpkeepTests {
  @Test("usage is gathered a second for each thousand key versions, half to sixty seconds")
  func pace() {
    let waiting = [0, 1, 499, 1_000, 20_000, 60_000, 10_000_000]
    #expect(waiting.map(Upkeep.turnsToGather) == [2, 2, 2, 4, 80, 240, 240])
  }
}
