// What may not stand in any text of the repository: vendor names in code, skipped tests, paths of
// one machine, hosts of package registries.

enum TextRules {
  static let all: [Rule] = [vendors, skipped, machinePaths, registries]

  // Put together from halves, so that this file keeps its own rules.
  static let vendorNames = [
    "truli" + "oo", "true" + "work", "truecon" + "text", "pronto" + "forms", "very" + "fi",
    "tr" + "uv",
  ]

  static let vendors = Rule(
    name: "no vendor is named in code",
    planted: Sample(
      "Sources/Gateway/Deny.swift", "// Head.\nif profile == \"\(vendorNames[1])\" {}\n"),
    clean: Sample("Profiles/some.json", "{\"name\": \"\(vendorNames[1])\"}")
  ) { file in
    let support = file.path.hasPrefix("Tests/") && file.path.contains("Support")
    guard file.path.hasPrefix("Sources/") || support else { return [] }
    return vendorNames.flatMap { name in
      file.lines.indices.filter { file.lines[$0].lowercased().mentions(name) }
        .map { file.violation(line: $0, "a profile's policy says it, never the code") }
    }
  }

  static let skipped = Rule(
    name: "no test is skipped",
    planted: Sample("Tests/CryptoTests/SealTests.swift", "// Head.\n@Test(.disa" + "bled())\n"),
    clean: Sample("Tests/CryptoTests/SealTests.swift", "// Head.\n@Test func seals() {}\n")
  ) { file in
    guard file.path.hasPrefix("Tests/") else { return [] }
    let marks = [
      ".disa" + "bled(", ".enab" + "led(", "XCTS" + "kip", "withKnown" + "Issue",
      "pytest.sk" + "ip", "unittest.sk" + "ip",
    ]
    return marks.flatMap {
      file.mentions(of: $0, in: file.lines, "what a test needs and does not find fails it")
    }
  }

  static let machinePaths = Rule(
    name: "no path of one machine",
    planted: Sample("docs/NOTES.md", "see /wo" + "rk/notes\n"),
    clean: Sample("docs/NOTES.md", "see docs/work/notes\n")
  ) { file in
    let marks = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
    return file.lines.indices.filter { line in
      marks.contains { mark in
        file.lines[line].ranges(of: mark).contains { range in
          let before = file.lines[line][..<range.lowerBound].utf8.last
          return before.map { !($0.isWordByte || $0 == UInt8(ascii: ".")) } ?? true
        }
      }
    }.map { file.violation(line: $0, "write paths relative to the repository") }
  }

  static let registries = Rule(
    name: "no registry's host",
    planted: Sample("scripts/get.sh", "curl https://deb.deb" + "ian.org/\n"),
    clean: Sample("scripts/get.sh", "apt-get install curl\n")
  ) { file in
    let hosts = [
      "deb.deb" + "ian.org", "py" + "pi.org", "pythonhost" + "ed.org", "npm" + "js.org",
      "npm" + "js.com", "crat" + "es.io", "proxy.gol" + "ang.org", "rubyge" + "ms.org",
      "docker" + ".io", "gh" + "cr.io",
    ]
    return hosts.flatMap {
      file.mentions(of: $0, in: file.lines, "packages come by name from the system's own registry")
    }
  }
}
