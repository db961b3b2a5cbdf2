// The request log by itself: appending and merging, pages out of many records, and dropping a day
// beside appending. Times are of the log's own calls; making the records is not counted.
import Glibc
import KeyModel
import Storage

enum RecordBench {
  static func run(_ arguments: [String]) throws {
    guard arguments.count >= 3, let accounts = Int(arguments[2]) else {
      print("usage: latchkey-bench records write|read|drop FOLDER|URL ACCOUNTS [RECORDS]")
      exit(2)
    }
    let isURL = arguments[1].hasPrefix("postgres")
    let log = try RecordLog(
      isURL ? .postgres(url: arguments[1]) : .folder(path: arguments[1]),
      writer: Int64(getpid()))
    defer { log.close() }
    switch arguments[0] {
    case "write":
      try write(
        log, accounts: accounts, records: Int(arguments.dropFirst(3).first ?? "") ?? 10_000_000)
    case "read": try read(log, accounts: accounts)
    default: try drop(log, accounts: accounts)
    }
  }

  private static func nanoseconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  /// Pages of the database that the kernel reads and writes for us count as ours.
  private static func measured(_ cpu: inout Double, _ wall: inout Double, _ body: () throws -> Void)
    rethrows
  {
    let (cpu0, wall0) = (
      nanoseconds(CLOCK_THREAD_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC)
    )
    try body()
    cpu += nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu0
    wall += nanoseconds(CLOCK_MONOTONIC) - wall0
  }

  private static func peakMegabytes() -> Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_maxrss / 1024
  }

  private static let batch = 10_000

  private static func write(_ log: RecordLog, accounts: Int, records: Int) throws {
    var feed = RecordFeed(accounts: accounts)
    defer { feed.deallocate() }
    var (cpu, wall, slowest, worst) = (0.0, 0.0, 0.0, 0.0)
    let before = peakMegabytes()
    for number in 0..<records / batch {
      let bytes = feed.batch(batch)
      let start = wall
      let stored = measured(&cpu, &wall) { log.append(bytes, durable: number % 50 == 0) }
      slowest = max(slowest, wall - start)
      guard stored == batch else { throw log.counts.failure ?? StoreError.closed }
      // As much merging as there is: the worst case for the appending thread.
      while true {
        let start = wall
        let goesOn = try measured(&cpu, &wall) { try log.merge(now: RecordFeed.start) }
        worst = max(worst, wall - start)
        if !goesOn { break }
      }
    }
    let bytes = try log.diskBytes()
    print(
      """
      {"bench":"records-write","accounts":\(accounts),"records":\(records),\
      "per_second":\(Int(Double(records) * 1e9 / wall)),\
      "cpu_us_per_record":\(cpu / 1e3 / Double(records)),\
      "disk_bytes_per_record":\(Double(bytes) / Double(records)),\
      "slowest_append_ms":\(slowest / 1e6),"slowest_merge_step_ms":\(worst / 1e6),\
      "rss_mb_before":\(before),"rss_mb_peak":\(peakMegabytes())}
      """)
  }

  private static func measured<R>(
    _ cpu: inout Double, _ wall: inout Double, _ body: () throws -> R
  ) rethrows -> R {
    var result: R?
    try measured(&cpu, &wall) { () throws in result = try body() }
    guard let result else { exit(1) }
    return result
  }

  private static func read(_ log: RecordLog, accounts: Int) throws {
    let noon = Timestamp(seconds: RecordFeed.start.seconds + 20_000)
    let filters: [(String, (inout RecordFilter) -> Void)] = [
      ("none", { _ in }), ("status=404", { $0.status = .exact(404) }),
      ("status=5xx", { $0.status = .hundreds(5) }),
      ("status=599, one record of all", { $0.status = .exact(599) }),
      ("status=418, none", { $0.status = .exact(418) }),
      ("path_prefix=/v2/rep", { $0.pathPrefix = "/v2/rep" }),
      ("path_prefix=/rare/place, one of all", { $0.pathPrefix = "/rare/place" }),
      ("path_prefix=/v3/seldom, 1 in 200,000", { $0.pathPrefix = "/v3/seldom" }),
      ("method=DELETE, 1 in 200,000", { $0.method = "DELETE" }),
      ("key_id unknown", { $0.key = KeyID(bits: 12345) }),
      (
        "denial=rate_limited and POST",
        {
          $0.denial = .rateLimited
          $0.method = "POST"
        }
      ),
      ("to=noon", { $0.to = noon }),
    ]
    for (name, change) in filters {
      var filter = RecordFilter()
      change(&filter)
      try report(log, name, filter, accounts)
    }
  }

  private static func report(
    _ log: RecordLog, _ name: String, _ filter: RecordFilter, _ accounts: Int
  ) throws {
    var times: [Double] = []
    var (found, isPart) = (0, false)
    for round in 0..<25 {
      let account = RecordFeed.account(round * 7_919 % accounts)
      let start = nanoseconds(CLOCK_MONOTONIC)
      let page = try log.page(RecordQuery(owner: .account(account), filter: filter))
      times.append((nanoseconds(CLOCK_MONOTONIC) - start) / 1e6)
      (found, isPart) = (page.records.count, page.next != nil && page.records.count < 50)
    }
    times.sort()
    print(
      """
      {"bench":"records-page","accounts":\(accounts),"filter":"\(name)","records":\(found),\
      "part":\(isPart),"median_ms":\(times[12]),"p95_ms":\(times[23])}
      """)
  }

  /// Appends to the day after, and drops the full one between the batches.
  private static func drop(_ log: RecordLog, accounts: Int) throws {
    var feed = RecordFeed(accounts: accounts, daysLater: 1)
    defer { feed.deallocate() }
    let bytes = try log.diskBytes()
    var (cpu, dropping, slowest, slowestStep) = (0.0, 0.0, 0.0, 0.0)
    var goesOn = true
    while goesOn {
      var (wall, step) = (0.0, 0.0)
      _ = measured(&cpu, &wall) { log.append(feed.batch(batch), durable: false) }
      goesOn = try measured(&cpu, &step) {
        try log.expire(before: RecordFeed.start.day + 1, shorter: [:])
      }
      (slowest, slowestStep) = (max(slowest, wall), max(slowestStep, step))
      dropping += step
    }
    print(
      """
      {"bench":"records-drop","bytes_before":\(bytes),"bytes_after":\(try log.diskBytes()),\
      "drop_ms":\(dropping / 1e6),"slowest_drop_step_ms":\(slowestStep / 1e6),\
      "slowest_append_ms":\(slowest / 1e6)}
      """)
  }
}
