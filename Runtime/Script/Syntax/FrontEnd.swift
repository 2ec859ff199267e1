// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// Reads a configuration file with all it includes. It always comes back with whatever could be understood;
    /// what could not is in `diagnostics`.
    ///
    /// `defines` are the `-A` options of the command line: `ID` or `ID=value`.
    public static func read(
        file path: String, defines: [String] = [], diagnostics: Diagnostics
    ) -> Configuration {
        read(SourceFile(name: path, bytes: []), defines: defines, diagnostics: diagnostics)
    }

    /// The same for a text that is in memory already.
    public static func read(
        _ source: SourceFile, defines: [String] = [], diagnostics: Diagnostics
    ) -> Configuration {
        Configuration()
    }
}
