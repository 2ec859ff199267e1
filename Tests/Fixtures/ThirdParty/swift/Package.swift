// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// A plugin that is distributed on its own. Its Swift runtime is inside it, so it works whatever Swift the
// server was built with, and it exports martlet_plugin alone. Sources/CMartlet and Sources/PluginKit are the
// server's PluginAPI/C and PluginAPI/PluginKit: here links to them, elsewhere copies or a submodule.

let package = Package(
    name: "seguard",
    products: [.library(name: "mod_seguard", type: .dynamic, targets: ["seguard"])],
    targets: [
        .target(name: "CMartlet"),
        .target(
            name: "PluginKit", dependencies: ["CMartlet"], exclude: ["README.md"],
            swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
        .target(
            name: "seguard", dependencies: ["PluginKit"],
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-use-ld=lld", "-Xlinker",
                    "--version-script=\(Context.packageDirectory)/plugin.map",
                    "-Xlinker", "-z", "-Xlinker", "nodelete",
                ])
            ]),
    ]
)
