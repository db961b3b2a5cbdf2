// The import rule of docs/ARCHITECTURE.md. SwiftPM's target list keeps most of it; this keeps what
// SwiftPM cannot see: Foundation, the C library, and which files may hold C pointers.

enum ImportRules {
  /// What every target but KeyModel may import.
  static let systemLibraries: Set<String> = ["Glibc", "Darwin", "Musl", "Synchronization"]

  /// What each target may import. A new target must be written here before it imports anything.
  static let allowed: [String: Set<String>] = [
    "KeyModel": [],
    "Crypto": ["KeyModel", "CSodium", "COpenSSL"],
    "HTTPServer": ["CEvent", "COpenSSL"],
    "Storage": ["KeyModel", "CSQLite", "CPostgreSQL", "CSystem", "Foundation"],
    "Verification": ["KeyModel", "Crypto", "CSystem"],
    "Delivery": ["KeyModel", "Crypto", "HTTPServer", "Storage", "CCurl", "COpenSSL"],
    "Management": [
      "CAssets", "KeyModel", "Crypto", "Storage", "Verification", "Delivery", "Foundation",
    ],
    "Gateway": ["KeyModel", "Crypto", "HTTPServer", "Verification"],
    "Console": ["KeyModel", "Crypto", "HTTPServer", "Management", "Foundation"],
    "Server": [
      "KeyModel", "Crypto", "HTTPServer", "Storage", "Verification", "Delivery", "Management",
      "Gateway", "Console", "CSystem",
    ],
    "latchkey": ["Server"],
    "Simulation": ["KeyModel", "Crypto", "Storage", "Verification", "Delivery"],
    "latchkey-sim": ["Simulation"],
  ]

  /// Where a C module may be imported: the files that own its handles and no others.
  static let bindings: [String: [String]] = [
    "CSodium": ["Sources/Crypto/"],
    "COpenSSL": ["Sources/Crypto/", "Sources/HTTPServer/", "Sources/Delivery/Curl/"],
    "CEvent": ["Sources/HTTPServer/"],
    "CSystem": [
      "Sources/Verification/Table/Epochs.swift", "Sources/Verification/Table/Memory.swift",
      "Sources/Storage/Records/", "Sources/Storage/Store/StoreThread.swift", "Sources/Server/",
    ],
    "CSQLite": ["Sources/Storage/SQLite/"],
    "CPostgreSQL": ["Sources/Storage/PostgreSQL/"],
    "CCurl": ["Sources/Delivery/Curl/"],
    "CAssets": ["Sources/Management/Policies/"],
  ]

  static let all: [Rule] = [targets, binding]

  static let targets = Rule(
    name: "a target imports only what the house allows",
    planted: Sample("Sources/Gateway/Proxy.swift", "// Head.\nimport Foundation\n"),
    clean: Sample("Sources/Gateway/Proxy.swift", "// Head.\npackage import KeyModel\n")
  ) { file in
    guard let module = file.module, file.path.hasSuffix(".swift") else { return [] }
    guard let allowed = allowed[module] else {
      return [file.violation(line: 0, "target \(module) is not in the import rule")]
    }
    let system = module == "KeyModel" ? [] : systemLibraries
    return imports(in: file).filter { !allowed.union(system).contains($0.module) }.map {
      file.violation(line: $0.line, "\(module) must not import \($0.module)")
    }
  }

  static let binding = Rule(
    name: "a C module is imported by its binding files only",
    planted: Sample("Sources/Storage/Migrations.swift", "// Head.\nimport CSQLite\n"),
    clean: Sample("Sources/Storage/SQLite/Handle.swift", "// Head.\nimport CSQLite\n")
  ) { file in
    guard file.module != nil, file.path.hasSuffix(".swift") else { return [] }
    return imports(in: file).compactMap { found in
      guard let places = bindings[found.module] else { return nil }
      guard !places.contains(where: file.path.hasPrefix) else { return nil }
      return file.violation(line: found.line, "\(found.module) belongs to \(places)")
    }
  }

  private static func imports(in file: SourceText) -> [(module: String, line: Int)] {
    file.code.indices.compactMap { line in
      guard file.code[line].mentions("import") else { return nil }
      let words = file.code[line].words
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let"]
      let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? at + 2 : at + 1
      return (String(words[name]), line)
    }
  }
}
