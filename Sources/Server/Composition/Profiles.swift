// The profiles inside the program, by name.
internal import CProfiles

enum Profiles {
  static let all: [String: String] = {
    var texts: [String: String] = [:]
    var index = 0
    while true {
      let profile = latchkey_profile_at(index)
      guard let name = profile.name else { return texts }
      let bytes = UnsafeBufferPointer(start: profile.bytes, count: profile.count)
      texts[String(cString: name)] = String(decoding: bytes, as: UTF8.self)
      index += 1
    }
  }()
}
