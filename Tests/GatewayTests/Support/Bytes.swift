// Borrowed bytes for tests: what the engine lends out of its buffers, made from literals.
import Crypto
import KeyModel

@testable import Gateway
@testable import Verification

/// Memory that lives as long as the test run, so that slices of it may be kept.
func bytes(_ text: String) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(mutableBytes(text)) }

func mutableBytes(_ text: String) -> UnsafeMutableRawBufferPointer {
  mutableBytes(Array(text.utf8))
}

func mutableBytes(_ content: [UInt8]) -> UnsafeMutableRawBufferPointer {
  let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: max(1, content.count), alignment: 1)
  memory.copyBytes(from: content)
  return UnsafeMutableRawBufferPointer(rebasing: memory[..<content.count])
}

func text(_ bytes: UnsafeRawBufferPointer?) -> String? {
  bytes.map { String(decoding: $0, as: UTF8.self) }
}

func fields(_ pairs: [(String, String)]) -> FieldList {
  let list = FieldList()
  for (name, value) in pairs { list.append(name: bytes(name), value: bytes(value)) }
  return list
}

extension OutputBuffer {
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

let noon = Timestamp(seconds: 1_800_000_000)

func sampleIdentity(
  environment: Int = 0, kind: KeyKind = .secret, access: Access = .full
) -> Identity {
  Identity(
    keyID: KeyID(bits: 1 << 100 | 7), versionID: VersionID(bits: 2 << 100),
    accountID: AccountID(bits: 3 << 100), applicationID: ApplicationID(bits: 4 << 100),
    environment: environment, kind: kind, access: access, account: 0)
}

func sampleRequestID() -> RequestID { RequestID(bits: 5 << 100) }

/// Bytes that are the same in every run.
struct SeededBytes: Entropy {
  var seed: UInt8
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    for at in buffer.indices { buffer[at] = UInt8(truncatingIfNeeded: at) &* 37 &+ seed }
  }
}
