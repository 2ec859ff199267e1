// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

#if canImport(Glibc)
    import Glibc
#endif

/// A plugin exports martlet_plugin and nothing else, needs no symbol of the server's, and stays mapped whatever
/// dlclose says. lld, which comes with Swift, because gold lists local symbols beside the exported one. Off under
/// sanitizers: their runtime lives in the executable and has to stay visible to the plugins.
let sanitizing = Context.environment["MARTLET_SANITIZE"] != nil
let pluginLink: [LinkerSetting] =
    sanitizing
    ? []
    : [
        .unsafeFlags([
            "-use-ld=lld",
            "-Xlinker", "--version-script=\(Context.packageDirectory)/PluginAPI/plugin.map",
            "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "-z", "-Xlinker", "nodelete",
        ])
    ]
let swift: [SwiftSetting] = [
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Plugins/NAME is the target NamePlugin and the product mod_NAME, so the file libmod_NAME.so: "mod_" keeps a plugin
/// called crypto from becoming the libcrypto.so that -lcrypto finds first.
let plugins = [
    "auth", "auth_db", "avpops", "cfg_rpc", "corex", "ctl", "db_mysql", "db_postgres", "db_sqlite",
    "dialog", "htable", "jsonrpcs", "kex", "maxfwd", "mi_fifo", "mi_rpc", "nathelper", "outbound", "path",
    "permissions", "proto_udp", "pv", "registrar", "rr", "sanity", "sca", "signaling", "sipmsgops",
    "siputils", "sl", "sst", "stun",
    "textops", "tls", "tm", "tmx", "usrloc", "websocket", "xhttp", "xlog",
]
/// What a plugin has to work out is a target of its own, Plugins/NAME/Logic, which tests can link.
let withLogic: Set = [
    "auth", "auth_db", "avpops", "cfg_rpc", "ctl", "db_sqlite", "dialog", "htable", "jsonrpcs",
    "maxfwd", "mi_fifo", "nathelper", "outbound", "path", "permissions", "pv", "registrar", "rr",
    "sanity", "sca", "siputils", "sl", "sst", "stun", "textops", "tls", "tm", "usrloc", "websocket",
    "xhttp", "xlog",
]

/// What several plugins are built upon: Plugins/Shared/NAME, linked into each of them.
let databases: Set = ["db_mysql", "db_postgres", "db_sqlite"]
let shared: [String: Set<String>] = [
    "Carrier": ["ctl", "mi_fifo", "jsonrpcs"], "SQLLogic": databases, "SQLStore": databases,
    "Peers": ["dialog", "sca"],
]
/// The same of what they have to work out.
let sharedByLogic = ["Digests": ["outbound", "websocket"]]
let sharedNames: [String] = Array(shared.keys) + Array(sharedByLogic.keys)

/// The system's libraries that a plugin needs, and that nothing else is linked with: Plugins/NAME/LIBRARY has the
/// module map. Where the header of a library is not there, its plugin is not built.
let systemLibraries = [
    "db_mysql": "CMariaDB", "db_postgres": "CPostgres", "db_sqlite": "CSQLite", "tls": "COpenSSL",
]
let packages = [
    "CMariaDB": "libmariadb-dev", "CPostgres": "libpq-dev", "CSQLite": "libsqlite3-dev",
    "COpenSSL": "libssl-dev",
]
let headers = [
    "CMariaDB": "/usr/include/mariadb/mysql.h", "CPostgres": "/usr/include/postgresql/libpq-fe.h",
]
func isThere(_ library: String) -> Bool { headers[library].map { access($0, R_OK) == 0 } ?? true }
let builtPlugins = plugins.filter { systemLibraries[$0].map(isThere) ?? true }

func target(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

func sharedTarget(_ name: String) -> Target {
    .target(
        name: name, dependencies: ["PluginKit"] + (name == "SQLStore" ? ["SQLLogic"] : []),
        path: "Plugins/Shared/\(name)", swiftSettings: swift)
}

func logicTarget(_ name: String) -> Target {
    // The command speaks what ctl speaks, and must not link PluginKit.
    var dependencies: [Target.Dependency] = name == "ctl" ? [] : ["PluginKit"]
    for (one, users) in sharedByLogic where users.contains(name) { dependencies.append(.target(name: one)) }
    return .target(
        name: "\(target(name))Logic", dependencies: dependencies, path: "Plugins/\(name)/Logic",
        swiftSettings: swift)
}

func pluginTarget(_ name: String) -> Target {
    let hasLogic = withLogic.contains(name)
    let library = systemLibraries[name]
    var dependencies: [Target.Dependency] = ["PluginKit"]
    if hasLogic { dependencies.append(.target(name: "\(target(name))Logic")) }
    if let library { dependencies.append(.target(name: library)) }
    for (one, users) in shared where users.contains(name) { dependencies.append(.target(name: one)) }
    return .target(
        name: "\(target(name))Plugin", dependencies: dependencies, path: "Plugins/\(name)",
        exclude: ["README.md"] + (hasLogic ? ["Logic"] : []) + (library.map { [$0] } ?? []),
        swiftSettings: swift, linkerSettings: pluginLink)
}

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .library(name: "PluginKit", targets: ["PluginKit"]),
    ] + builtPlugins.map { .library(name: "mod_\($0)", type: .dynamic, targets: ["\(target($0))Plugin"]) },
    targets: [
        .target(name: "CMartlet", path: "PluginAPI/C"),
        .target(
            name: "PluginKit", dependencies: ["CMartlet"], path: "PluginAPI/PluginKit",
            exclude: ["README.md"],
            swiftSettings: swift),
        .target(name: "CLinux", path: "Runtime/CLinux", exclude: ["README.md"]),
        .target(
            name: "Message", dependencies: ["CMartlet"], path: "Runtime/Message", exclude: ["README.md"],
            swiftSettings: swift),
        .target(
            name: "Worker", dependencies: ["CLinux", "Message"], path: "Runtime/Worker",
            exclude: ["README.md"],
            swiftSettings: swift),
        .target(
            name: "Script", dependencies: ["Worker"], path: "Runtime/Script", exclude: ["README.md"],
            swiftSettings: swift),
        .target(
            name: "Loader", dependencies: ["CLinux", "Script"], path: "Runtime/Loader",
            exclude: ["README.md"],
            swiftSettings: swift),
        .executableTarget(
            name: "martlet", dependencies: ["CtlLogic", "Loader"], path: "Runtime/martlet",
            exclude: ["README.md"],
            swiftSettings: swift,
            linkerSettings: sanitizing ? [.unsafeFlags(["-Xlinker", "--export-dynamic"])] : []),
        .testTarget(name: "MessageTests", dependencies: ["Message"], path: "Tests/Message"),
        .testTarget(name: "WorkerTests", dependencies: ["Worker"], path: "Tests/Worker"),
        .testTarget(name: "ScriptTests", dependencies: ["Script"], path: "Tests/Script"),
        .testTarget(
            name: "LoaderTests", dependencies: ["Loader", "TestSupport"], path: "Tests/Loader",
            exclude: ["README.md"]),
        .target(name: "TestSupport", path: "Tests/Support", exclude: ["README.md"]),
        .testTarget(
            name: "ABITests", dependencies: ["PluginKit", "TestSupport"], path: "Tests/ABI",
            exclude: ["1.0", "layout.txt", "README.md"]),
        .testTarget(
            name: "PluginTests",
            dependencies: ["Peers", "PluginKit", "SQLLogic"]
                + withLogic.sorted().map { .target(name: "\(target($0))Logic") },
            path: "Tests/Plugins"),
        .testTarget(
            name: "ScenarioTests", dependencies: ["TestSupport"], path: "Tests/Scenarios",
            exclude: ["README.md"]),
        .testTarget(
            name: "BudgetTests", dependencies: ["TestSupport"], path: "Tests/Budgets",
            exclude: ["instructions.txt", "README.md"]),
    ]
        + withLogic.sorted().map(logicTarget)
        + sharedNames.map(sharedTarget)
        + builtPlugins.map(pluginTarget)
        + systemLibraries.filter { isThere($0.value) }.map {
            .systemLibrary(
                name: $0.value, path: "Plugins/\($0.key)/\($0.value)",
                providers: [.apt([packages[$0.value, default: ""]])])
        }
)
