// What one worker counts of its calls for the metrics: plain numbers in memory of its own, which
// nobody else touches. Whoever wants them asks on the worker's thread. Nothing here names a key or
// an account.
import KeyModel

/// The way by which a decision was asked for.
package enum Door: Int, CaseIterable, Sendable {
  case gateway, authz, verify
  /// A verify call that does not count as a call.
  case dryRun

  package var name: String {
    switch self {
    case .gateway: "gateway"
    case .authz: "authz"
    case .verify: "verify"
    case .dryRun: "dry_run"
    }
  }
}

/// Confined to its worker's thread; one for all handlers of a worker.
package final class CallTally {
  private let cells: UnsafeMutablePointer<UInt64>
  /// Calls on their way to an upstream, or their answers back.
  var forwarded = 0
  /// Calls that wait for the store to say what their day has left.
  var parked = 0

  // Where each kind of cell begins. Of the instance: a static one would be asked by each call
  // whether it was made.
  private let codes = DecisionCode.allCases.count
  private let deciding: Int
  private let gatewayTook: Int
  private let upstreamTook: Int
  private let answered: Int
  private let refusals: Int
  private static var latencyCells: Int { LatencyScale.classes + 1 }

  package init() {
    deciding = Door.allCases.count * codes
    gatewayTook = deciding + Door.allCases.count * Self.latencyCells
    upstreamTook = gatewayTook + Self.latencyCells
    answered = upstreamTook + Self.latencyCells
    refusals = answered + 6
    let count = refusals + GatewayProblem.Code.allCases.count
    cells = .allocate(capacity: count)
    cells.initialize(repeating: 0, count: count)
  }

  deinit { cells.deallocate() }

  /// - Parameter nanoseconds: from the turn in which the call was complete to its decision.
  @inline(__always)
  func decided(_ door: Door, _ code: DecisionCode, nanoseconds: Int64) {
    cells[door.rawValue &* codes &+ Int(code.rawValue)] &+= 1
    add(nanoseconds, at: deciding &+ door.rawValue &* Self.latencyCells)
  }

  /// The head of an upstream's answer came.
  @inline(__always)
  func upstreamAnswered(nanoseconds: Int64) { add(nanoseconds, at: upstreamTook) }

  /// A call of the gateway's listener ended.
  @inline(__always)
  func gatewayEnded(status: Int, nanoseconds: Int64) {
    // Whoever did not wait for the answer (499) is among the 4xx.
    cells[answered &+ min(max(status / 100, 0), 5)] &+= 1
    add(nanoseconds, at: gatewayTook)
  }

  func refused(_ code: GatewayProblem.Code) { cells[refusals + code.place] &+= 1 }

  @inline(__always)
  private func add(_ nanoseconds: Int64, at start: Int) {
    cells[start &+ LatencyScale.place(of: nanoseconds)] &+= 1
    cells[start &+ LatencyScale.classes] &+= UInt64(max(0, nanoseconds))
  }

  /// On the worker's thread.
  package var counts: CallCounts {
    var counts = CallCounts()
    for door in Door.allCases {
      for code in DecisionCode.allCases {
        counts.decisions[door, default: [:]][code] =
          cells[door.rawValue * codes + Int(code.rawValue)]
      }
      counts.deciding[door] = latencies(at: deciding + door.rawValue * Self.latencyCells)
    }
    counts.gateway = latencies(at: gatewayTook)
    counts.upstream = latencies(at: upstreamTook)
    counts.answers = (0..<6).map { cells[answered + $0] }
    for code in GatewayProblem.Code.allCases {
      counts.problems[code.rawValue] = cells[refusals + code.place]
    }
    counts.forwarded = forwarded
    counts.parked = parked
    return counts
  }

  private func latencies(at start: Int) -> Latencies {
    Latencies(
      counts: (0..<LatencyScale.classes).map { cells[start + $0] },
      nanoseconds: cells[start + LatencyScale.classes])
  }
}
