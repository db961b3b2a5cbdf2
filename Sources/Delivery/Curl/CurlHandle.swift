// One easy handle and its setters, which libcurl has as one variadic function. The first option
// that is refused is remembered; those after it are not set.
internal import CCurl

/// Owned by the loop that made it; used on its thread only.
struct CurlHandle {
  let raw: UnsafeMutableRawPointer?

  /// Stands for a handle where there is none.
  static var none: CurlHandle { CurlHandle(raw: nil) }

  init(raw: UnsafeMutableRawPointer?) { self.raw = raw }

  init?() {
    guard let made = curl_easy_init() else { return nil }
    raw = made
  }

  func reset() { if let raw { curl_easy_reset(raw) } }
  func free() { if let raw { curl_easy_cleanup(raw) } }

  func number(_ info: CURLINFO) -> Int {
    var value = 0
    guard let raw, latchkey_curl_get_long(raw, info, &value) == CURLE_OK else { return 0 }
    return value
  }

  func microseconds(_ info: CURLINFO) -> Int64 {
    var value: curl_off_t = 0
    guard let raw, latchkey_curl_get_microseconds(raw, info, &value) == CURLE_OK else { return 0 }
    return Int64(value)
  }
}

/// Sets options one after the other.
struct CurlOptions {
  let raw: UnsafeMutableRawPointer
  private(set) var code = CURLE_OK

  init?(_ handle: CurlHandle) {
    guard let raw = handle.raw else { return nil }
    self.raw = raw
  }

  mutating func set(_ option: CURLoption, _ value: Int) {
    apply { latchkey_curl_set_long($0, option, value) }
  }

  mutating func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

  /// libcurl copies the text; nil sets back what its build says.
  mutating func set(_ option: CURLoption, _ value: String?) {
    apply { latchkey_curl_set_string($0, option, value) }
  }

  mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
    apply { latchkey_curl_set_pointer($0, option, value) }
  }

  /// Copied by libcurl, so that nothing has to live on.
  mutating func setBody(_ body: [UInt8]) {
    set(CURLOPT_POSTFIELDSIZE, body.count)
    apply { raw in
      body.withUnsafeBytes { bytes in
        // Without bytes there is nothing to copy, and a null pointer would mean something else.
        guard let base = bytes.baseAddress else {
          return latchkey_curl_set_string(raw, CURLOPT_COPYPOSTFIELDS, "")
        }
        return latchkey_curl_set_pointer(
          raw, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: base))
      }
    }
  }

  mutating func apply(_ setter: (UnsafeMutableRawPointer) -> CURLcode) {
    if code == CURLE_OK { code = setter(raw) }
  }
}

/// Lines for libcurl, freed with the value.
final class CurlLines {
  private(set) var first: UnsafeMutablePointer<curl_slist>?

  /// False for want of memory.
  func append(_ line: String) -> Bool {
    guard let longer = curl_slist_append(first, line) else { return false }
    first = longer
    return true
  }

  deinit { curl_slist_free_all(first) }
}
