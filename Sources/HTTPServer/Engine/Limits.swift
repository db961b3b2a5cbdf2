// Every bound the engine holds its peers to, in one place. Must not hold anything that is not a
// limit.

package struct Limits: Sendable {
  /// Request line and fields together; more is 431.
  package var headBytes = 16 * 1024
  package var headerCount = 100
  /// More is 414.
  package var targetBytes = 8 * 1024
  /// From the first byte of a head (or accept) to its last.
  package var headSeconds = 10
  package var idleSeconds = 60
  /// A body that is read slower than this over any `bodyWindowSeconds` is ended with 408.
  package var bodyBytesPerSecond = 1024
  package var bodyWindowSeconds = 10
  /// Of a body nobody asked for, this much is read and dropped to keep the connection.
  package var unreadBodyBytes = 256 * 1024
  /// Above this many unsent bytes `write` says stop; at half of it `clientDrained` is called.
  package var writeHighWater = 256 * 1024
  /// A client that takes nothing of its answer for this long is closed.
  package var writeStallSeconds = 60
  /// A client that has closed its sending half is taken for gone after this long, where its call
  /// holds something that others wait for (`Exchange.endsSoonAfterClient`).
  package var halfCloseGraceMilliseconds = 2000
  package var connectionsPerWorker = 20_000
  package var drainSeconds = 30
  /// Of kept-alive connections to one upstream that serve no call.
  package var idleUpstreamsPerTarget = 128
  package var idleUpstreamSeconds = 30
  /// After an answer that announced a body it must not have (to HEAD, 204, 304) the connection
  /// serves no other call for this long, and none if the body comes all the same.
  package var upstreamProbationMilliseconds = 1000

  package init() {}
}
