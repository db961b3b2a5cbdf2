// Brings one batch, as it came out of the rings, into the order of a run.
internal import KeyModel

struct BatchOrder {
  struct Place {
    var position: RecordPosition
    var offset: Int
  }

  /// Places in the batch by the day of the record's id, each day's in the order of a run.
  let days: [Int64: [Place]]
  /// Records whose day is before the floor.
  let late: Int
  /// Bytes at the end that are no record.
  let rest: Int

  init(_ batch: UnsafeRawBufferPointer, floor: Int64) {
    var days: [Int64: [Place]] = [:]
    var day: Int64 = -1
    var places: [Place] = []
    var late = 0
    var records = PackedRecords(batch)
    var offset = 0
    while let record = records.next() {
      let id = record.id
      let of = Self.day(id)
      if of != day {
        days[day] = places
        // Taken out, so that it is not copied when days take turns around midnight.
        places = days.removeValue(forKey: of) ?? []
        day = of
      }
      if of >= floor {
        places.append(
          Place(position: RecordPosition(owner: record.owner, id: id), offset: offset))
      } else {
        late += 1
      }
      offset = records.offset
    }
    days[day] = places
    self.days = days.filter { !$0.value.isEmpty }.mapValues(Self.sorted)
    self.late = late
    rest = batch.count - offset
  }

  /// Records come nearly in the order of their ids, and of few owners. So they are dealt out by
  /// owner in one pass, and only owners whose records are not in order yet are sorted.
  static func sorted(_ places: [Place]) -> [Place] {
    var numbers: [UInt128: Int] = [:]
    var piles: [Pile] = []
    var pileOfPlace: [Int32] = []
    pileOfPlace.reserveCapacity(places.count)
    for place in places {
      let next = piles.count
      let pile = numbers[place.position.owner, default: next]
      if pile == next {
        numbers[place.position.owner] = next
        piles.append(Pile(owner: place.position.owner))
      }
      piles[pile].add(place.position.id)
      pileOfPlace.append(Int32(truncatingIfNeeded: pile))
    }
    var start = 0
    for number in piles.indices.sorted(by: { piles[$0].owner < piles[$1].owner }) {
      piles[number].end = start
      start += piles[number].count
    }
    var sorted = places
    for (place, pile) in zip(places, pileOfPlace) {
      sorted[piles[Int(pile)].end] = place
      piles[Int(pile)].end += 1
    }
    for pile in piles where !pile.isInOrder {
      sorted[pile.end - pile.count..<pile.end].sort { $0.position < $1.position }
    }
    return sorted
  }

  /// Of one owner: how many records, and up to where they stand once they are dealt.
  private struct Pile {
    let owner: UInt128
    var count = 0
    var end = 0
    var isInOrder = true
    private var last: UInt128 = 0

    init(owner: UInt128) { self.owner = owner }

    mutating func add(_ id: UInt128) {
      count += 1
      if id < last { isInOrder = false }
      last = id
    }
  }

  /// The day of an id's milliseconds.
  static func day(_ id: UInt128) -> Int64 {
    Int64(UInt64(truncatingIfNeeded: id >> 80)) / 86_400_000
  }

  /// The least id of a day.
  static func first(of day: Int64) -> UInt128 { UInt128(UInt64(max(0, day)) * 86_400_000) << 80 }
}
