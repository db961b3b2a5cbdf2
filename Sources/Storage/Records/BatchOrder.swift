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
    var piles = Piles(places: places.count)
    let pileOfPlace = places.map { piles.add($0.position) }
    piles.deal()
    var sorted = places
    for (place, pile) in zip(places, pileOfPlace) { sorted[piles.next(pile)] = place }
    for pile in piles.all where !pile.isInOrder {
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

  /// The piles and where to find an owner's: a table that is asked for every record, so it is no
  /// dictionary. Owners' ids are the server's own, so nobody can choose them to fall together.
  private struct Piles {
    private(set) var all: [Pile] = []
    /// One more than a pile's number, 0 where there is none; at most half of them are used.
    private var numbers: [Int32]

    init(places: Int) {
      var size = 16
      while size < 2 * places { size *= 2 }
      numbers = [Int32](repeating: 0, count: size)
    }

    mutating func add(_ position: RecordPosition) -> Int {
      var at = Self.hash(position.owner) & (numbers.count - 1)
      while true {
        let pile = Int(numbers[at]) - 1
        if pile < 0 { break }
        if all[pile].owner == position.owner {
          all[pile].add(position.id)
          return pile
        }
        at = (at + 1) & (numbers.count - 1)
      }
      all.append(Pile(owner: position.owner))
      all[all.count - 1].add(position.id)
      numbers[at] = Int32(truncatingIfNeeded: all.count)
      return all.count - 1
    }

    private static func hash(_ owner: UInt128) -> Int {
      let mixed = UInt64(truncatingIfNeeded: owner) ^ UInt64(truncatingIfNeeded: owner >> 64)
      return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// Says where each pile's records begin, in the order of owners.
    mutating func deal() {
      var start = 0
      for (_, pile) in all.enumerated().map({ ($1.owner, $0) }).sorted(by: { $0.0 < $1.0 }) {
        all[pile].end = start
        start += all[pile].count
      }
    }

    /// Where the pile's next record stands.
    mutating func next(_ pile: Int) -> Int {
      defer { all[pile].end += 1 }
      return all[pile].end
    }
  }

  /// The day of an id's milliseconds.
  static func day(_ id: UInt128) -> Int64 {
    Int64(UInt64(truncatingIfNeeded: id >> 80)) / 86_400_000
  }

  /// The least id of a day.
  static func first(of day: Int64) -> UInt128 { UInt128(UInt64(max(0, day)) * 86_400_000) << 80 }
}
