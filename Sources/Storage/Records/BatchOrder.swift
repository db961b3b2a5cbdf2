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
    self.days = days.filter { !$0.value.isEmpty }.mapValues { places in
      places.sorted { $0.position < $1.position }
    }
    self.late = late
    rest = batch.count - offset
  }

  /// The day of an id's milliseconds.
  static func day(_ id: UInt128) -> Int64 {
    Int64(UInt64(truncatingIfNeeded: id >> 80)) / 86_400_000
  }

  /// The least id of a day.
  static func first(of day: Int64) -> UInt128 { UInt128(UInt64(max(0, day)) * 86_400_000) << 80 }
}
