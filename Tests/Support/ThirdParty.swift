// SPDX-License-Identifier: Apache-2.0

/// The plugins of strangers, built once for all tests that look at them. It takes as long as building a Swift
/// package does, so what was built stays beside the package's own build for the next time.
package enum ThirdParty {
    private static let built = Result {
        let output = try run(
            "sh", Repository.path("Tests/Fixtures/ThirdParty/build.sh"), folder, "c", "cpp", "swift")
        guard output.status == 0 else { throw Problem(output.err) }
        return folder
    }
    private static let folder = Repository.path(".build/third-party")
    package static func file(_ name: String) throws -> String { try built.get() + "/" + name }
}
