// SPDX-License-Identifier: Apache-2.0

/// The plugins of Tests/Fixtures/Filters, built once for all tests that load them.
package enum FilterPlugins {
    private static let built = Result {
        let output = try run("sh", Repository.path("Tests/Fixtures/Filters/build.sh"), folder)
        guard output.status == 0 else { throw Problem(output.err) }
        return folder
    }
    private static let folder = Repository.path(".build/filters")
    package static func file(_ name: String) throws -> String { try built.get() + "/\(name).so" }
}
