// A batch is put into the order of a run as sorting it would, however its records came.
import TestSupport
import Testing

@testable import Storage

@Suite struct BatchOrderTests {
  @Test(
    "a batch comes out as sorting it would leave it",
    arguments: [(0, 1), (1, 1), (500, 1), (500, 3), (500, 400), (3_000, 40)])
  func sorts(count: Int, owners: Int) {
    var random = SeededGenerator(seed: UInt64(count * owners))
    for disorder in [0, 1, 50, count] {
      let places = (0..<count).map { number in
        let late = disorder > 0 ? random.below(disorder) : 0
        return BatchOrder.Place(
          position: RecordPosition(
            owner: UInt128(random.below(owners) &* 7919 % 4096) << 64,
            id: UInt128(max(0, number - late)) << 80 | UInt128(number)),
          offset: number)
      }
      let sorted = BatchOrder.sorted(places)
      let wanted = places.sorted { $0.position < $1.position }
      #expect(sorted.map(\.offset) == wanted.map(\.offset))
    }
  }
}
