// swift-tools-version: 6.2
import PackageDescription

// One array for every Swift target; see docs/ARCHITECTURE.md. The target list below is the
// import fire wall: a module that is not listed as a dependency cannot be imported.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Objects of the data plane belong to one thread; what the check finds it finds in debug builds,
  // where every test runs. On the hot path it costs 5 % of a call.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func debian(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

let package = Package(
  name: "latchkey",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "latchkey", targets: ["latchkey"]),
    .executable(name: "latchkey-sim", targets: ["latchkey-sim"]),
    .executable(name: "latchkey-bench", targets: ["latchkey-bench"]),
    .library(name: "LatchkeyClient", targets: ["LatchkeyClient"]),
  ],
  targets: [
    // C modules
    debian("CSQLite", "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
    debian("CPostgreSQL", "libpq", apt: "libpq-dev", brew: "libpq"),
    debian("CSodium", "libsodium", apt: "libsodium-dev", brew: "libsodium"),
    debian("CEvent", "libevent", apt: "libevent-dev", brew: "libevent"),
    debian("COpenSSL", "openssl", apt: "libssl-dev", brew: "openssl@3"),
    debian("CCurl", "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),

    .systemLibrary(name: "CSystem"),

    // core
    library("KeyModel", []),
    library("Crypto", ["CSodium", "COpenSSL", "KeyModel"]),
    library("HTTPServer", ["CEvent", "COpenSSL"]),

    // app
    library("Storage", ["CSystem", "CSQLite", "CPostgreSQL", "KeyModel"]),
    library("Verification", ["CSystem", "KeyModel", "Crypto"]),
    library("Delivery", ["CCurl", "COpenSSL", "KeyModel", "Crypto", "HTTPServer", "Storage"]),
    .target(name: "CAssets", path: "Profiles/Embedded"),
    library(
      "Management", ["CAssets", "KeyModel", "Crypto", "Storage", "Verification", "Delivery"]),

    // edge
    library("Gateway", ["KeyModel", "Crypto", "HTTPServer", "Verification"]),
    library("Console", ["KeyModel", "HTTPServer", "Management"]),

    // composition
    library(
      "Server",
      [
        "KeyModel", "Crypto", "HTTPServer", "Storage", "Verification", "Delivery", "Management",
        "Gateway", "Console", "CSystem",
      ]),

    // a world to try the core in
    library("Simulation", ["KeyModel", "Crypto", "Storage", "Verification", "Delivery"]),

    // executables
    .executableTarget(name: "latchkey", dependencies: ["Server"], swiftSettings: settings),
    .executableTarget(
      name: "latchkey-bench",
      dependencies: [
        "KeyModel", "Crypto", "Verification", "HTTPServer", "Storage", "Delivery", "Management",
      ],
      path: "Benchmarks/latchkey-bench", swiftSettings: settings),

    .executableTarget(
      name: "latchkey-sim", dependencies: ["Simulation"], swiftSettings: settings),
    // for programs that use a server; stands alone
    .target(
      name: "LatchkeyClient", path: "clients/swift/LatchkeyClient", swiftSettings: settings),

    // tests
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests("KeyModelTests", ["KeyModel", "TestSupport"]),
    tests("CryptoTests", ["Crypto", "KeyModel"]),
    tests("HTTPServerTests", ["HTTPServer", "TestSupport"]),
    tests("StorageConformanceTests", ["Storage", "KeyModel", "TestSupport"]),
    tests("VerificationTests", ["Verification", "Crypto", "KeyModel"]),
    .testTarget(
      name: "DeliveryTests",
      dependencies: ["Delivery", "HTTPServer", "Storage", "Crypto", "KeyModel", "TestSupport"],
      exclude: ["Support/receiver.py", "Support/mailserver.py"], swiftSettings: settings),
    tests(
      "ManagementTests",
      [
        "Management", "Delivery", "Storage", "Crypto", "Verification", "KeyModel", "TestSupport",
      ]),
    tests(
      "GatewayTests",
      ["Gateway", "HTTPServer", "Verification", "Crypto", "KeyModel", "TestSupport"]),
    tests(
      "ConsoleTests",
      [
        "Console", "Management", "Storage", "Crypto", "Verification", "HTTPServer", "KeyModel",
      ]),
    tests("ServerTests", ["Server", "KeyModel", "Crypto", "HTTPServer", "Storage", "Management"]),
    tests("SimulationTests", ["Simulation"]),
    tests("LatchkeyClientTests", ["LatchkeyClient"]),
    tests("HygieneTests", []),
    .testTarget(
      name: "EndToEndTests", dependencies: ["TestSupport", "LatchkeyClient"],
      path: "Tests/EndToEnd",
      exclude: [
        "Support/upstream.py", "Support/holder.py", "Support/receiver.py", "Support/publish.py",
        "Support/verify_webhooks.py",
      ],
      swiftSettings: settings),
  ]
)
