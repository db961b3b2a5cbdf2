// What the running server says at /metrics: well-formed, complete enough for the dashboard and the
// alarms that ship with it, true to the calls that were made, and without a word about whose they
// were.
import Foundation
import TestSupport
import Testing

@Suite("Metrics", .serialized)
struct MetricsTests {
  private static let dashboard = Place.repository + "/packaging/grafana/latchkey.json"
  private static let rules = Place.repository + "/packaging/prometheus"

  /// Each sample's value by its name and labels.
  private static func samples(_ text: String) -> [String: Double] {
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      samples[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return samples
  }

  private static func scrape(_ world: World) throws -> Answer {
    try Curl.call(world.latchkey.metrics)
  }

  @Test("promtool finds nothing to complain of", arguments: Store.allCases)
  func wellFormed(store: Store) throws {
    let world = try World(store)
    #expect(try world.call("/x", key: world.issue().secret).status == 200)
    let answer = try Self.scrape(world)
    #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
    #expect(answer.text.hasSuffix("\n") && !answer.text.contains("\r"))
    let file = try world.latchkey.installation.folder.write("metrics", answer.text)
    let checked = try run(["sh", "-c", "promtool check metrics < \(file)"])
    #expect(checked.status == 0 && checked.output.isEmpty && checked.errors.isEmpty, "\(checked)")
    let engine = store == .sqlite ? "sqlite" : "postgresql"
    #expect(
      answer.text.contains("store_duration_seconds_count{engine=\"\(engine)\",work=\"read\"}"))
  }

  @Test("Every call is counted where it belongs, and nothing says whose it was")
  func counts() throws {
    let world = try World(policy: [
      "rate": [["calls": 3, "seconds": 3600, "scope": "key", "count_refused": false]]
    ])
    let (key, revoked) = (try world.issue(), try world.issue())
    try world.revoke(revoked)
    for _ in 0..<5 { _ = try world.call("/x", key: key.secret) }
    #expect(try world.call("/x", key: revoked.secret).status == 401)
    #expect(try world.code(revoked.secret) == "revoked")
    _ = try world.verify(["key": revoked.secret, "dry_run": true])
    let text = try Self.scrape(world).text
    let samples = Self.samples(text)
    func value(_ name: String) -> Double { samples[name] ?? .nan }
    func decisions(_ door: String, _ code: String) -> Double {
      value("latchkey_decisions_total{door=\"\(door)\",code=\"\(code)\"}")
    }
    #expect(decisions("gateway", "valid") == 3 && decisions("gateway", "rate_limited") == 2)
    #expect(decisions("gateway", "revoked") == 1 && decisions("verify", "revoked") == 1)
    #expect(decisions("dry_run", "revoked") == 1 && decisions("authz", "valid") == 0)
    #expect(value("latchkey_gateway_duration_seconds_count") == 6)
    #expect(value("latchkey_gateway_duration_seconds_bucket{le=\"+Inf\"}") == 6)
    #expect(value("latchkey_upstream_duration_seconds_count") == 3)
    #expect(value("latchkey_decision_duration_seconds_count{door=\"gateway\"}") == 6)
    #expect(value("latchkey_gateway_responses_total{status=\"2xx\"}") == 3)
    #expect(value("latchkey_gateway_responses_total{status=\"4xx\"}") == 3)
    #expect(value("latchkey_ready") == 1 && value("latchkey_key_versions") >= 1)
    #expect(value("latchkey_revocation_age_seconds") < 5)
    #expect(value("latchkey_revocation_delay_seconds_count") >= 3)
    #expect(value("latchkey_store_duration_seconds_count{engine=\"sqlite\",work=\"write\"}") >= 5)
    #expect(value("latchkey_connections{side=\"upstream\"}") >= 1)
    #expect(value("process_resident_memory_bytes") > 1_000_000)
    #expect(value("process_max_fds") >= value("process_open_fds"))
    for secret in [key.id, key.secret, world.account, "demo", "Acme", "127.0.0.1"] {
      #expect(!text.contains(secret), "\(secret)")
    }
    let grown = try poll(seconds: 20) {
      let samples = Self.samples(try Self.scrape(world).text)
      return samples["latchkey_request_records_total"] == 7
        && samples["latchkey_request_log_bytes"] ?? 0 > 0
        && samples["latchkey_admitted_calls_total"] == 3
    }
    #expect(grown)
  }

  @Test("What is brought to endpoints is counted, and what waits shows", arguments: Store.allCases)
  func outboxes(_ store: Store) throws {
    let world = try HookWorld(store, policy: ["webhooks": ["retry": [0, 3600]]])
    _ = try world.hook("/ok")
    _ = try world.hook("/status/500", ["order.failed"])
    try world.publish("order.created")
    try world.publish("order.failed")
    let told = try poll(seconds: 30) {
      let samples = Self.samples(try Curl.call(world.latchkey.metrics).text)
      return samples["latchkey_delivery_attempts_total{outcome=\"delivered\"}"] == 2
        && samples["latchkey_delivery_attempts_total{outcome=\"refused\"}"] == 1
        && samples["latchkey_deliveries_total{state=\"delivered\"}"] == 2
        && samples["latchkey_outbox_waiting{outbox=\"webhooks\"}"] == 1
        && samples["latchkey_outbox_late_seconds{outbox=\"webhooks\"}"] == 0
    }
    #expect(told)
  }

  @Test("Every metric of the dashboard and of the alarms is there")
  func complete() throws {
    let world = try World()
    let text = try Self.scrape(world).text
    var names = Set(Self.samples(text).keys.map { String($0.prefix { $0 != "{" }) })
    names.insert("up")
    let file = try #require(FileManager.default.contents(atPath: Self.dashboard))
    let panels = try JSON(parsing: file)["panels"].array ?? []
    let expressions = panels.flatMap { $0["targets"].array ?? [] }.compactMap { $0["expr"].string }
    #expect(expressions.count > 40)
    let rules = try String(contentsOfFile: Self.rules + "/latchkey.rules.yml", encoding: .utf8)
    let used = try Self.metrics(in: expressions.joined(separator: "\n") + rules)
    #expect(used.count > 30)
    #expect(used.subtracting(names) == [])
    let shown = try Self.metrics(in: expressions.joined(separator: "\n"))
    let families = try Self.types(text)
    let missing = families.filter { family in !shown.contains { $0.hasPrefix(family) } }
    #expect(missing == [], "what is measured is shown")
  }

  private static func metrics(in text: String) throws -> Set<String> {
    let pattern = try Regex("(?:latchkey|process)_[a-z_]*[a-z]")
    return Set(text.matches(of: pattern).map { String(text[$0.range]) })
      .subtracting(["process_type"])
  }

  private static func types(_ text: String) throws -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map {
      String($0.split(separator: " ")[2])
    }
  }

  @Test("The alarms are well-formed and sound when they should")
  func alarms() throws {
    let checked = try run(["promtool", "check", "rules", Self.rules + "/latchkey.rules.yml"])
    #expect(checked.status == 0 && checked.output.contains("SUCCESS"), "\(checked)")
    let tested = try run(["promtool", "test", "rules", Self.rules + "/latchkey.test.yml"])
    #expect(tested.status == 0 && tested.output.contains("SUCCESS"), "\(tested)")
    let rules = try String(contentsOfFile: Self.rules + "/latchkey.rules.yml", encoding: .utf8)
    let tests = try String(contentsOfFile: Self.rules + "/latchkey.test.yml", encoding: .utf8)
    let page = try String(
      contentsOfFile: Place.repository + "/docs/MONITORING.md", encoding: .utf8)
    for line in rules.split(separator: "\n") where line.contains("- alert: ") {
      let name = try #require(line.split(separator: " ").last)
      #expect(tests.contains(name), "\(name) has no test")
      #expect(page.contains(name), "\(name) is not explained")
    }
  }

  @Test("A store that is away shows, and calls go on being counted")
  func away() throws {
    let world = try World(.postgres)
    let key = try world.issue()
    #expect(try world.call("/x", key: key.secret).status == 200)
    world.latchkey.installation.cluster?.stop()
    let told = try poll(seconds: 30) {
      let samples = Self.samples(try Self.scrape(world).text)
      return samples["latchkey_ready"] == 0
        && samples["latchkey_store_probe_failures_total"] ?? 0 > 0
        && samples["latchkey_revocation_age_seconds"] ?? 0 > 1
    }
    #expect(told)
    #expect(try world.call("/x", key: key.secret).status == 200)
    let samples = Self.samples(try Self.scrape(world).text)
    #expect(samples["latchkey_decisions_total{door=\"gateway\",code=\"valid\"}"] == 2)
  }
}
