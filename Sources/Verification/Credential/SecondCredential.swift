// Looks for a further key beside the one that the scheme reads: in the query, in an `Authorization`
// field that the scheme does not use, and as the value of any other field. Only keys of the project
// count, so that what is meant for the upstream passes.
import KeyModel

extension Verifier {
  func carriesAnother(
    _ headers: some HeaderSource, _ query: UnsafeRawBufferPointer?, _ project: ProjectView
  ) -> Bool {
    if let query, !query.isEmpty, holdsKey(query, project) { return true }
    // Length and form are asked first: they tell what is no key without a look-up.
    if headers.contains(
      valueBeside: project.credentialFields, lengths: project.matcher.lengths,
      where: { project.matcher.matches($0) && isKey($0, of: project) })
    {
      return true
    }
    return project.leavesAuthorization && holdsKeyInAuthorization(headers, project)
  }

  /// More than one such field is refused as well: which of them the upstream would read is not
  /// known.
  private func holdsKeyInAuthorization(
    _ headers: some HeaderSource, _ project: ProjectView
  ) -> Bool {
    var count = 0
    var found = false
    headers.forEach(header: CompiledScheme.authorization) { value in
      count += 1
      if !found { found = holdsKey(authorization: value, project) }
    }
    return found || count > 1
  }

  /// Any value of the query, whatever its name; percent-encoded ones too.
  private func holdsKey(_ query: UnsafeRawBufferPointer, _ project: ProjectView) -> Bool {
    var start = 0
    while start < query.count {
      var end = start
      while end < query.count, query[end] != UInt8(ascii: "&"), query[end] != UInt8(ascii: ";") {
        end += 1
      }
      let field = UnsafeRawBufferPointer(rebasing: query[start..<end])
      let from = field.place(of: UInt8(ascii: "=")).map { $0 + 1 } ?? 0
      let value = UnsafeRawBufferPointer(rebasing: field[from...])
      if value.place(of: UInt8(ascii: "%")) != nil {
        if isEncodedKey(value, project) { return true }
      } else if isKey(value, of: project) {
        return true
      }
      start = end + 1
    }
    return false
  }

  private func isEncodedKey(_ value: UnsafeRawBufferPointer, _ project: ProjectView) -> Bool {
    guard value.count <= 3 * TokenFormat.maximumLength else { return false }
    return withUnsafeTemporaryAllocation(byteCount: value.count, alignment: 1) { buffer in
      let length = Percent.decode(value, into: buffer)
      return isKey(UnsafeRawBufferPointer(rebasing: buffer[..<length]), of: project)
    }
  }

  /// `Bearer <key>`, `apikey user:<key>`, `Basic base64(id:<key>)`, or the key alone.
  private func holdsKey(
    authorization value: UnsafeRawBufferPointer, _ project: ProjectView
  ) -> Bool {
    let from = value.lastIndex(of: UInt8(ascii: " ")).map { $0 + 1 } ?? 0
    let word = UnsafeRawBufferPointer(rebasing: value[from...])
    if isKey(afterColon(word), of: project) { return true }
    guard word.count <= 2048 else { return false }
    return withUnsafeTemporaryAllocation(byteCount: word.count, alignment: 1) { buffer in
      guard let length = Base64.decode(word, into: buffer) else { return false }
      let decoded = UnsafeRawBufferPointer(rebasing: buffer[..<length])
      return isKey(afterColon(decoded), of: project)
    }
  }

  private func afterColon(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let from = text.place(of: UInt8(ascii: ":")).map { $0 + 1 } ?? 0
    return UnsafeRawBufferPointer(rebasing: text[from...])
  }
}
