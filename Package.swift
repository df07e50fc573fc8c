// swift-tools-version: 6.2
import PackageDescription

/// Strictness, stated once and used by every target.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The layers of docs/ARCHITECTURE.md: a target may only import what stands in its list
/// (checked by `Scripts/check`).
func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "oairouter",
  products: [
    .library(name: "OAIRouter", targets: ["OAIRouter"]),
    .executable(name: "oairouter", targets: ["oairouter"]),
  ],
  traits: [
    .trait(
      name: "DNS",
      description: "Backends from SRV and address records (needs c-ares: libc-ares-dev)."
    )
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // L0: what Glibc's module leaves out.
    .systemLibrary(name: "COAIRSys"),
    // What the program reads its configuration with; the library does without.
    .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
    // Where the program's own memory is.
    .systemLibrary(name: "CProgram"),
    // What name services are asked with, in the trait `DNS`.
    .systemLibrary(name: "CCares", providers: [.apt(["libc-ares-dev"])]),
    // L1: leaves.
    layer("OAIRSys", ["COAIRSys"]),
    layer("OAIRHTTP1"),
    layer("OAIRWire"),
    layer("OAIRTypes"),
    // L2: mechanism | policy.
    layer(
      "OAIRReactor",
      ["OAIRSys", .product(name: "HeapModule", package: "swift-collections")]
    ),
    layer("OAIRRouting", ["OAIRSys", "OAIRWire"]),
    // L3: data plane | control plane.
    layer("OAIRProxy", ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRRouting"]),
    layer(
      "OAIRDiscovery",
      [
        "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "OAIRRouting",
        .target(name: "CCares", condition: .when(traits: ["DNS"])),
      ]
    ),
    layer("OAIRAdmin", ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire"]),
    // L4: the public library.
    layer(
      "OAIRouter",
      [
        "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "OAIRRouting", "OAIRProxy",
        "OAIRDiscovery", "OAIRAdmin", .product(name: "Logging", package: "swift-log"),
      ]
    ),
    // L5: the fake backend; shares nothing with the proxy that it is used to judge.
    layer("OAIRMock", ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes"]),
    // The load generator; neither.
    layer("OAIRBench", ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire"]),
    // L6: the program.
    .executableTarget(
      name: "oairouter",
      dependencies: [
        "OAIRouter", "OAIRDiscovery", "OAIRMock", "OAIRBench", "CYAML", "CProgram",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict
    ),
    // What several of them need.
    tests("TestSupport", ["OAIRSys"]),
    // Tests mirror Sources.
    tests("OAIRSysTests", ["OAIRSys", "TestSupport"]),
    tests("OAIRReactorTests", ["OAIRReactor", "OAIRSys"]),
    tests(
      "OAIRDiscoveryTests",
      [
        "COAIRSys", "OAIRDiscovery", "OAIRHTTP1", "OAIRReactor", "OAIRRouting", "OAIRSys",
        "TestSupport",
      ]
    ),
    tests("OAIRAdminTests", ["OAIRAdmin", "OAIRHTTP1", "OAIRSys", "TestSupport"]),
    tests("OAIRHTTP1Tests", ["OAIRHTTP1"]),
    tests("OAIRWireTests", ["OAIRWire"]),
    tests("OAIRTypesTests", ["OAIRTypes"]),
    tests("OAIRRoutingTests", ["OAIRRouting", "OAIRSys", "OAIRWire", "TestSupport"]),
    tests(
      "OAIRouterTests",
      ["OAIRouter", "OAIRAdmin", "OAIRDiscovery", "OAIRProxy", "OAIRRouting", "OAIRSys"]
    ),
    tests("OAIRMockTests", ["OAIRMock", "OAIRSys", "OAIRHTTP1", "OAIRTypes"]),
    tests("OAIRBenchTests", ["OAIRBench", "OAIRMock", "OAIRSys", "OAIRHTTP1", "OAIRWire"]),
    tests(
      "OAIRProxyTests",
      [
        "OAIRProxy", "OAIRHTTP1", "OAIRWire", "OAIRRouting", "OAIRSys", "OAIRReactor",
        "TestSupport",
      ]
    ),
    // The data plane on a simulated network and clock.
    tests(
      "SimulationTests",
      [
        "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRRouting", "OAIRProxy",
        "TestSupport",
      ]
    ),
    .testTarget(
      name: "oairouterTests",
      dependencies: [
        "oairouter", "OAIRDiscovery", "OAIRouter", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Configuration/Broken"],
      swiftSettings: strict
    ),
    // The fuzz targets; `swift test` replays their corpora.
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "OAIRHTTP1", "OAIRWire", "OAIRDiscovery", "OAIRRouting", "OAIRSys", "SimulationTests",
      ],
      path: "Tests/Fuzz",
      exclude: ["corpus"],
      swiftSettings: strict
    ),
    tests("TidyTests", ["TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
