// libFuzzer's entry to the codec: no input may read past its end, trap, or be judged by how it is
// cut. Built by Tests/Fuzz/run.sh, not by the package.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  guard count > 2 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  // The first two bytes choose the cuts.
  let message = Array(bytes[2...])
  let cuts = [Int(bytes[0]) % (message.count + 1), Int(bytes[1]) % (message.count + 1)].sorted()
  precondition(CodecHarness.request(message) == CodecHarness.request(message, cuts: cuts))
  precondition(CodecHarness.response(message) == CodecHarness.response(message, cuts: cuts))
  return 0
}
