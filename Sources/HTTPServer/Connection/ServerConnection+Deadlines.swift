// Deadlines of a client connection, looked at twice a second. Must not be exact: a deadline may be
// half a second late.

extension ServerConnection {
  static let lingerMilliseconds: Int64 = 2000

  func checkDeadlines(_ now: Int64) {
    if writesOn, now - lastProgress > Int64(limits.writeStallSeconds) * 1000 {
      resetOnClose()
      return closeNow()
    }
    switch phase {
    case .head: sweepHead(now)
    case .exchange: sweepExchange(now)
    case .lingering:
      if now - phaseStart > Self.lingerMilliseconds { closeNow() }
    case .closing, .closed: break
    }
  }

  private func sweepHead(_ now: Int64) {
    guard output.count == 0 else { return }
    let seconds = headBegan ? limits.headSeconds : limits.idleSeconds
    guard now - phaseStart > Int64(seconds) * 1000 else { return }
    if headBegan, input.hasUnread, !isOpening {
      refuse(408, "The request head took too long.")
    } else {
      closeNow()
    }
  }

  private func sweepExchange(_ now: Int64) {
    if inputEnded, exchange?.endsSoonAfterClient == true,
      now - inputEndedAt >= Int64(limits.halfCloseGraceMilliseconds)
    {
      return closeNow()
    }
    sweepBody(now)
  }

  private func sweepBody(_ now: Int64) {
    guard body == .reading || body == .discarding else { return }
    let window = limits.bodyWindowSeconds
    guard now - windowStart >= Int64(window) * 1000 else { return }
    if windowBytes < limits.bodyBytesPerSecond * window {
      failBody(.tooSlow, 408, "The request body came too slowly.")
    } else {
      startWindow()
    }
  }
}
