// The master key file: who may read it, what it may hold, and what is said when it is not right.
import Glibc
import KeyModel
import Testing

@testable import Crypto

/// A folder of its own for one test, gone afterwards.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/latchkey-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw MasterKeyError.notAFile(path: "/tmp") }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  func write(_ text: String, to name: String, mode: mode_t = 0o400) {
    let file = path + "/" + name
    unlink(file)
    let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    fchmod(descriptor, mode)
  }

  deinit {
    for name in ["master.key", "master.key.new", "link", "latchkey-master-key"] {
      unlink(path + "/" + name)
    }
    rmdir(path)
  }
}

@Suite struct MasterKeyFileTests {
  let folder: TemporaryFolder
  var file: String { folder.path + "/master.key" }
  static let digits = String(repeating: "0123456789abcdef", count: 4)

  init() throws { folder = try TemporaryFolder() }

  private func load(
    credentials: String? = nil, environment: String? = nil
  ) throws -> LoadedMasterKeys {
    try MasterKeyFile.load(
      credentialsDirectory: credentials, path: file, environmentValue: environment)
  }

  @Test("a created file is 0400, is read back with the same id, and is never overwritten")
  func create() throws {
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: SeededEntropy(seed: 1)))
    try MasterKeyFile.create(keys, at: file)
    var status = stat()
    #expect(stat(file, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o400)
    let loaded = try load()
    #expect(loaded.keys.newest.id == keys.newest.id)
    #expect(loaded.source == file)
    #expect(loaded.warning == nil)
    #expect(throws: MasterKeyError.exists(path: file)) {
      try MasterKeyFile.create(keys, at: file)
    }
  }

  @Test("the id is the BLAKE2b-64 fingerprint of the key's bytes")
  func fingerprint() throws {
    folder.write((0..<32).map { hex([UInt8($0)]) }.joined(), to: "master.key")
    #expect(try load().keys.newest.id == "40f68f4ad24e575b")
  }

  @Test("several keys are read oldest first, with comments and blank lines between")
  func several() throws {
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: SeededEntropy(seed: 1)))
    let more = keys.adding(MasterKey(entropy: SeededEntropy(seed: 2)))
    try MasterKeyFile.create(keys, at: file)
    try MasterKeyFile.replace(more, at: file)
    #expect(try load().keys.all.map(\.id) == more.all.map(\.id))
    folder.write("# old\n\n\(Self.digits)\r\n  # new\n", to: "master.key")
    #expect(try load().keys.all.count == 1)
  }

  @Test("a file open to group or others is refused", arguments: [0o440, 0o404, 0o640, 0o410])
  func tooOpen(mode: Int) {
    folder.write(Self.digits, to: "master.key", mode: mode_t(mode))
    #expect(throws: MasterKeyError.tooOpen(path: file, mode: UInt32(mode))) { try load() }
  }

  @Test("a symbolic link, a folder and a file of another user are refused")
  func notPlain() {
    folder.write(Self.digits, to: "link")
    symlink(folder.path + "/link", file)
    #expect(throws: MasterKeyError.symbolicLink(path: file)) { try load() }
    unlink(file)
    mkdir(file, 0o700)
    #expect(throws: MasterKeyError.notAFile(path: file)) { try load() }
    rmdir(file)
    folder.write(Self.digits, to: "master.key")
    if geteuid() == 0 {
      chown(file, 12345, 0)
      #expect(throws: MasterKeyError.wrongOwner(path: file, owner: 12345)) { try load() }
    }
  }

  @Test("more than 4 kB, no key at all, or a bad line are refused, and the line is named")
  func malformed() {
    folder.write(String(repeating: "#", count: 4097), to: "master.key")
    #expect(throws: MasterKeyError.tooLarge(path: file)) { try load() }
    folder.write("# nothing\n", to: "master.key")
    #expect(throws: MasterKeyError.malformed(path: file, line: 0)) { try load() }
    folder.write("# x\n\(Self.digits)\n\(Self.digits.dropLast())g\n", to: "master.key")
    let error = #expect(throws: MasterKeyError.malformed(path: file, line: 3)) { try load() }
    #expect(!"\(error!)".contains("0123456789"))
  }

  @Test("the credential folder comes first, then the file, then the variable with a warning")
  func order() throws {
    let missing = #expect(throws: MasterKeyError.self) { try load() }
    #expect("\(missing!)".contains(file))
    let fromVariable = try load(environment: Self.digits)
    #expect(fromVariable.source == "$LATCHKEY_MASTER_KEY")
    #expect(fromVariable.warning != nil)
    folder.write(String(Self.digits.reversed()), to: "master.key")
    let fromFile = try load(environment: Self.digits)
    #expect(fromFile.source == file)
    #expect(fromFile.keys.newest.id != fromVariable.keys.newest.id)
    folder.write(Self.digits, to: "latchkey-master-key", mode: 0o440)
    let fromCredential = try load(credentials: folder.path, environment: nil)
    #expect(fromCredential.source == folder.path + "/latchkey-master-key")
    #expect(fromCredential.keys.newest.id == fromVariable.keys.newest.id)
  }
}
