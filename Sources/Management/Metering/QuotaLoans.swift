// Who has calls of the store's here: how many each is to get at once, and who does not use what he
// has. It must not touch the store.
internal import KeyModel
internal import Verification

struct QuotaLoans {
  /// A subject with calls here.
  private struct Loan {
    let subject: QuotaSubject
    var limit: Int64
    var chunk: QuotaChunk
    var seen: QuotaCells.Holding?
    var idleLooks = 0

    init(_ subject: QuotaSubject, limit: Int64) {
      self.subject = subject
      self.limit = limit
      chunk = QuotaChunk(limit: limit)
    }
  }

  /// What a look at some subjects found.
  struct Idle {
    /// What is to be given back, but for so many.
    var returns: [(subject: QuotaSubject, keeping: Int64)] = []
    /// To be forgotten once they have nothing more.
    var subjects: [QuotaSubject] = []
  }

  /// Subjects that are looked at together at least, where there are so many.
  private static let fewestPerLook = 1_024
  /// All are looked at in so many parts.
  private static let parts = 8
  /// Looks that find a subject idle before all of its calls are given back.
  private static let looksToIdle = 5
  /// The same for a process alone, where nobody waits for them: five minutes, so that who calls now
  /// and then finds a call reserved.
  private static let looksToIdleAlone = 150

  private let looksToIdle: Int
  private var loans: [UInt128: Loan] = [:]
  /// Subjects of this look that were not looked at.
  private var toLook: ArraySlice<UInt128> = []

  init(isShared: Bool) {
    looksToIdle = isShared ? Self.looksToIdle : Self.looksToIdleAlone
  }

  var subjects: [QuotaSubject] { loans.values.map(\.subject) }

  func chunk(of subject: QuotaSubject, limit: Int64) -> QuotaChunk {
    loans[subject.id]?.chunk ?? QuotaChunk(limit: limit)
  }

  /// Gives at how many unused calls more are to be fetched, where the day is long enough for a
  /// whole chunk.
  mutating func lent(
    _ calls: Int64, to subject: QuotaSubject, limit: Int64, at now: Timestamp
  ) -> Int64 {
    var loan = loans[subject.id] ?? Loan(subject, limit: limit)
    loan.limit = limit
    if calls > 0 { loan.chunk.refilled(at: now, limit: limit) }
    loans[subject.id] = loan
    return loan.chunk.low
  }

  /// Not before the last look is over.
  mutating func beginLook() {
    if toLook.isEmpty { toLook = Array(loans.keys)[...] }
  }

  /// A subject that was not called since the last look keeps a small chunk, and nothing once it has
  /// been idle for longer. A part of all at a time: many take a while, and calls wait meanwhile.
  mutating func look(_ cells: QuotaCells) -> Idle {
    var found = Idle()
    let part = toLook.prefix(max(Self.fewestPerLook, loans.count / Self.parts + 1))
    toLook = toLook.dropFirst(part.count)
    for id in part {
      guard let place = loans.index(forKey: id) else { continue }
      let loan = loans.values[place]
      guard let holding = cells.holding(loan.subject) else { continue }
      guard holding.advance == 0 else {
        // It lives on what no row knows of: nothing is lent to it.
        found.subjects.append(loan.subject)
        continue
      }
      let looks = holding == loan.seen ? loan.idleLooks + 1 : 0
      loans.values[place].idleLooks = looks
      loans.values[place].seen = holding
      if looks >= looksToIdle {
        found.subjects.append(loan.subject)
        if holding.unused > 0 { found.returns.append((loan.subject, 0)) }
      } else if looks >= 1, holding.unused > QuotaChunk.smallest(loan.limit) {
        found.returns.append((loan.subject, QuotaChunk.smallest(loan.limit)))
      }
    }
    return found
  }

  /// Who could not give back what he has tries at the next look.
  mutating func forget(_ subjects: [QuotaSubject], _ cells: QuotaCells) {
    for subject in subjects {
      guard let holding = cells.holding(subject) else { continue }
      if holding.unused == 0 || holding.advance > 0 { loans[subject.id] = nil }
    }
  }
}
