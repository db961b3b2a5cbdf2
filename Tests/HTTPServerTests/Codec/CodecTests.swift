// The codec alone: every case of the corpus, cut at every byte; answers of upstreams; mutations.

import Testing

@testable import HTTPServer

@Suite("Codec")
struct CodecTests {
  @Test("every request is judged as listed", arguments: RequestCorpus.all)
  func corpus(_ given: CorpusCase) {
    #expect(status(CodecHarness.request(given.bytes)) == given.status)
  }

  @Test("no cut changes how a request is judged", arguments: RequestCorpus.all)
  func cuts(_ given: CorpusCase) {
    let whole = CodecHarness.request(given.bytes)
    let step = max(given.bytes.count / 600, 1)
    for cut in stride(from: 0, through: given.bytes.count, by: step) {
      let outcome = CodecHarness.request(given.bytes, cuts: [cut])
      #expect(outcome == whole, "cut at \(cut)")
      if outcome != whole { return }
    }
    guard given.bytes.count < 2000 else { return }
    #expect(CodecHarness.request(given.bytes, cuts: Array(0..<given.bytes.count)) == whole)
  }

  @Test("the end of a name is found eight bytes at a time where one at a time finds it")
  func tokens() {
    for byte in UInt8.min...UInt8.max {
      for place in 0..<20 {
        var text = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
        text[place] = byte
        let end = text.firstIndex { !Byte.isToken($0) } ?? text.count
        #expect(Byte.endOfToken(text, 0, text.count) == end, "\(byte) at \(place)")
        #expect(Byte.endOfToken(text, 0, place) == place)
      }
    }
  }

  @Test("the corpus is large enough to mean something")
  func size() {
    #expect(RequestCorpus.all.count >= 60)
    #expect(Set(RequestCorpus.all.map(\.name)).count == RequestCorpus.all.count)
  }

  @Test("bodies come out without their framing, and what follows is left alone")
  func bodies() {
    let head = "POST /x HTTP/1.1\r\nHost: h\r\n"
    let chunked =
      "\(head)Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;q\r\nde\r\n0\r\nT: v\r\n\r\nGET"
    #expect(
      CodecHarness.request(Array(chunked.utf8))
        == .accepted(target: "/x", body: Array("abcde".utf8), rest: 3))
    let length = "\(head)Content-Length: 05\r\n\r\nabcdeGET"
    #expect(
      CodecHarness.request(Array(length.utf8))
        == .accepted(target: "/x", body: Array("abcde".utf8), rest: 3))
    #expect(CodecHarness.request(Array(length.utf8.dropLast(4))) == .incompleteBody)
  }

  @Test("an absolute target is handed on in origin form")
  func absolute() {
    let text = "GET http://H:80/a?b HTTP/1.1\r\nHost: h:80\r\n\r\n"
    #expect(
      CodecHarness.request(Array(text.utf8)) == .accepted(target: "/a?b", body: [], rest: 0))
  }

  @Test(
    "answers of upstreams are framed or refused, however they are cut",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "200:ab"),
      ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", "200:ab"),
      ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "200:a"),
      ("HTTP/1.0 200 OK\r\n\r\nto the end", "200:to the end"),
      ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204:"),
      ("HTTP/1.1 304 x\r\n\r\n", "304:"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", "502"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "502"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "502"),
      ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "502"),
      ("HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\n", "502"),
      ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "502"),
      ("HTTP/1.1 20 OK\r\n\r\n", "502"), ("HTTP/1.1 600 OK\r\n\r\n", "502"),
      ("HTTP/2 200\r\n\r\n", "502"), ("ICY 200 OK\r\n\r\n", "502"),
      ("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n", "502"),
    ])
  func responses(_ text: String, _ expected: String) {
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      switch CodecHarness.response(bytes, cuts: [cut]) {
      case .accepted(let status, let body, _):
        #expect("\(status):\(String(decoding: body, as: UTF8.self))" == expected)
      case .refused(let status): #expect("\(status)" == expected)
      case .incompleteHead, .incompleteBody: #expect("incomplete" == expected)
      }
    }
  }

  @Test("mutated requests never tell cut from whole, nor read past their end")
  func mutations() {
    var generator = SplitMix(state: 0x1234_5678)
    let seeds = RequestCorpus.all.map(\.bytes).filter { $0.count < 400 }
    for _ in 0..<20_000 {
      var bytes = seeds[generator.below(seeds.count)]
      for _ in 0...generator.below(3) { mutate(&bytes, &generator) }
      let whole = CodecHarness.request(bytes)
      let cuts = [generator.below(bytes.count + 1), generator.below(bytes.count + 1)].sorted()
      let cut = CodecHarness.request(bytes, cuts: cuts)
      #expect(cut == whole, "\(bytes) cut at \(cuts)")
      if cut != whole { return }
      if case .accepted(_, _, let rest) = whole { expectSound(bytes, rest) }
    }
  }

  /// Nothing that was accepted may hold what the strict grammar excludes.
  private func expectSound(_ bytes: [UInt8], _ rest: Int) {
    guard
      let end = (0..<(bytes.count - 3)).first(where: {
        bytes[$0...].starts(with: [13, 10, 13, 10])
      })
    else { return }
    let start = bytes.starts(with: [13, 10]) ? 2 : 0
    for index in start..<max(end, start) {
      let byte = bytes[index]
      #expect(byte != 0 && byte != 127)
      if byte == 10 { #expect(bytes[index - 1] == 13) }
      if byte == 13 { #expect(bytes[index + 1] == 10) }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
    let odd: [UInt8] = [0, 9, 10, 13, 32, 35, 43, 45, 48, 58, 59, 97, 127, 255]
    let place = generator.below(bytes.count)
    switch generator.below(4) {
    case 0: bytes[place] = odd[generator.below(odd.count)]
    case 1: bytes.insert(odd[generator.below(odd.count)], at: place)
    case 2: bytes.remove(at: place)
    default: bytes.insert(contentsOf: bytes[place...].prefix(generator.below(20)), at: place)
    }
    if bytes.isEmpty { bytes = [13] }
  }

  private func status(_ outcome: CodecHarness.Outcome) -> Int {
    switch outcome {
    case .accepted: 200
    case .refused(let status): status
    case .incompleteHead: -1
    case .incompleteBody: -2
    }
  }
}

struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
}
