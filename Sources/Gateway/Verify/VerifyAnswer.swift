// The 200 of POST /v1/verify: always the same fields in the same order, null where unknown.
import KeyModel
import Verification

enum VerifyAnswer {
  /// - Parameters:
  ///   - environment: the policy's name for it; empty where the policy no longer has it.
  ///   - quota: nil where there is none or its state is not known.
  ///   - brand: nil unless it is one of the account's.
  static func write(
    _ decision: Decision, environment: UnsafeRawBufferPointer, brand: UnsafeRawBufferPointer?,
    quota: QuotaCells.State?, lease: Lease?, to out: OutputBuffer
  ) {
    out.reset()
    out.append(decision.code == .valid ? "{\"valid\":true" : "{\"valid\":false")
    out.append(",\"code\":\"")
    out.append(decision.code.word)
    if let identity = decision.identity {
      write(identity, to: out)
      out.append(",\"environment\":")
      if environment.isEmpty {
        out.append("null")
      } else {
        out.append(json: environment)
      }
      out.append(",\"kind\":\"")
      out.append(identity.kind.word)
      out.append("\",\"access\":\"")
      out.append(identity.access.word)
      out.append("\",\"brand\":")
    } else {
      out.append(
        """
        ","key_id":null,"version_id":null,"account_id":null,"application_id":null,\
        "environment":null,"kind":null,"access":null,"brand":
        """)
    }
    if let brand, decision.identity != nil {
      out.append(json: brand)
    } else {
      out.append("null")
    }
    out.append(",\"quota\":")
    write(quota, to: out)
    out.append(",\"lease\":")
    if let lease { LeaseText.write(lease, to: out) } else { out.append("null") }
    out.append(",\"unchecked\":[")
    write(decision.unchecked, to: out)
    out.append("]}")
  }

  private static func write(_ quota: QuotaCells.State?, to out: OutputBuffer) {
    guard let quota else { return out.append("null") }
    out.append("{\"limit\":")
    out.append(decimal: quota.limit)
    out.append(",\"remaining\":")
    out.append(decimal: quota.remaining)
    out.append(",\"resets_at\":\"")
    out.append(quota.resetsAt)
    out.append("\"}")
  }

  /// The members of the request that rules of the key ask for and that were not given.
  private static func write(_ unchecked: Unchecked, to out: OutputBuffer) {
    if unchecked.isEmpty { return }
    let names: [(Unchecked, StaticString)] = [
      (.method, "\"method\""), (.path, "\"path\""), (.host, "\"host\""),
    ]
    var isFirst = true
    for (member, name) in names where unchecked.contains(member) {
      if !isFirst { out.append(",") }
      isFirst = false
      out.append(name)
    }
  }

  private static func write(_ identity: Identity, to out: OutputBuffer) {
    out.append("\",\"key_id\":\"")
    out.append(identity.keyID)
    out.append("\",\"version_id\":\"")
    out.append(identity.versionID)
    out.append("\",\"account_id\":\"")
    out.append(identity.accountID)
    out.append("\",\"application_id\":\"")
    out.append(identity.applicationID)
    out.append("\"")
  }
}
