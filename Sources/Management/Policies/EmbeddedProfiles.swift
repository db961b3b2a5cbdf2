// The profiles that are part of the program, as JSON texts by name.
internal import CAssets

package enum EmbeddedProfiles {
  package static func texts() -> [String: String] {
    var texts: [String: String] = [:]
    for index in 0..<latchkey_profile_count() {
      let asset = latchkey_profile(index)
      let bytes = UnsafeRawBufferPointer(start: asset.bytes, count: asset.size)
      texts[String(cString: asset.name)] = String(decoding: bytes, as: UTF8.self)
    }
    return texts
  }
}
