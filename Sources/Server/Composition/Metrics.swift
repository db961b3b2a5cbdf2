// What /metrics says, in Prometheus' text format: this process and the few counters of Health.
internal import Glibc
internal import KeyModel
internal import Management
internal import Synchronization
internal import Verification

struct Metrics: Sendable {
  let health: Health
  let table: RecordTable
  let counted: UsageSettler
  let records: RecordWriter
  let started: Timestamp

  func text() async -> String {
    let usage = await counted.totals
    var lines: [String] = []
    func add(_ name: String, _ kind: String, _ help: String, _ value: String) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(kind)", "\(name) \(value)"]
    }
    add(
      "latchkey_ready", "gauge", "1 where this server takes traffic.",
      health.complaint == nil ? "1" : "0")
    add(
      "latchkey_record_position", "counter", "Position of the newest record change applied.",
      String(table.position))
    add(
      "latchkey_admitted_calls_total", "counter", "Admitted calls whose usage was gathered.",
      String(usage.calls))
    add(
      "latchkey_usage_flushes_total", "counter", "Batches of usage stored.",
      String(usage.stored))
    add(
      "latchkey_usage_failures_total", "counter", "Batches of usage that could not be stored yet.",
      String(usage.failed))
    add(
      "latchkey_request_records_total", "counter", "Request records stored.",
      String(records.stored))
    add(
      "latchkey_request_records_dropped_total", "counter",
      "Calls that were not put on record, because there was no room or the store was away.",
      String(records.dropped))
    add(
      "latchkey_store_probe_failures_total", "counter", "Probes of the store that failed.",
      String(health.storeFailures.load(ordering: .relaxed)))
    add(
      "process_start_time_seconds", "gauge", "Start of the process since 1970.",
      String(started.seconds))
    add(
      "process_resident_memory_bytes", "gauge", "Resident memory.", String(ProcessFacts.resident()))
    add("process_open_fds", "gauge", "Open descriptors.", String(ProcessFacts.descriptors()))
    add(
      "process_cpu_seconds_total", "counter", "User and system time.",
      ProcessFacts.processorSeconds())
    let build = "latchkey_build_info{version=\"\(Tool.version)\"}"
    lines += [
      "# HELP latchkey_build_info The version that runs.", "# TYPE latchkey_build_info gauge",
      "\(build) 1",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}

enum ProcessFacts {
  /// Bytes; 0 where the system does not tell.
  static func resident() -> Int {
    guard let bytes = try? Files.read("/proc/self/statm", limit: 4096) else { return 0 }
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard words.count > 1, let pages = Int(words[1]) else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  static func descriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return max(0, count - 3)
  }

  static func processorSeconds() -> String {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return "0" }
    let microseconds =
      (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
      + Int(usage.ru_utime.tv_usec) + Int(usage.ru_stime.tv_usec)
    return "\(Double(microseconds) / 1_000_000)"
  }
}
