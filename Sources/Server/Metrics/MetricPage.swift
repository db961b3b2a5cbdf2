// The form of /metrics: Prometheus' text format 0.0.4. It knows no metric. Labels are few and from
// fixed sets: never a key, an account or anything else that callers can make up.
internal import KeyModel

struct MetricPage {
  private(set) var text = ""

  /// One value of a family.
  struct Sample {
    var labels: [(name: String, value: String)]
    var value: String

    init(_ labels: [(name: String, value: String)] = [], _ value: some BinaryInteger) {
      self.labels = labels
      self.value = String(value)
    }

    init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
      self.labels = labels
      self.value = String(value)
    }
  }

  /// - Parameter name: ends in `_total`.
  mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, "counter", help, [Sample([], value)])
  }

  mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "counter", help, samples)
  }

  mutating func counter(_ name: String, _ help: String, _ value: Double) {
    family(name, "counter", help, [Sample([], value)])
  }

  mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, "gauge", help, [Sample([], value)])
  }

  mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    family(name, "gauge", help, [Sample([], value)])
  }

  mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "gauge", help, samples)
  }

  private mutating func family(
    _ name: String, _ kind: String, _ help: String, _ samples: [Sample]
  ) {
    begin(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// - Parameter name: ends in `_seconds`.
  mutating func histogram(
    _ name: String, _ help: String,
    _ samples: [(labels: [(name: String, value: String)], times: Latencies)]
  ) {
    begin(name, "histogram", help)
    for sample in samples {
      var sum: UInt64 = 0
      for (bound, count) in zip(LatencyScale.names, sample.times.counts) {
        sum += count
        line("\(name)_bucket", sample.labels + [("le", bound)], String(sum))
      }
      let seconds = Double(sample.times.nanoseconds) / 1_000_000_000
      line("\(name)_sum", sample.labels, String(seconds))
      line("\(name)_count", sample.labels, String(sum))
    }
  }

  private mutating func begin(_ name: String, _ kind: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
  }

  private mutating func line(
    _ name: String, _ labels: [(name: String, value: String)], _ value: String
  ) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      text += "{" + pairs.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
    return text
  }
}
