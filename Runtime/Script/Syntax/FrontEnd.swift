// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// The release of Kamailio whose language this is, for files that ask.
    static let speaks = (major: 5, minor: 6, patch: 3)

    /// Reads a configuration file with all it includes. It always comes back with whatever could be
    /// understood; what could not is in `diagnostics`.
    ///
    /// `defines` are the `-A` options of the command line: `ID` or `ID=value`.
    public static func read(
        file path: String, defines: [String] = [], files: FileReader = .system, diagnostics: Diagnostics
    ) -> Configuration {
        do {
            let source = SourceFile(name: path, bytes: try files.read(path))
            return read(source, defines: defines, files: files, diagnostics: diagnostics)
        } catch {
            switch error {
            case .missing: diagnostics.error("there is no file \"\(path)\"", at: nil)
            case .other(let why): diagnostics.error("\(path) cannot be read: \(why)", at: nil)
            }
        }
        return Configuration()
    }

    /// The same for a text that is in memory already.
    public static func read(
        _ source: SourceFile, defines: [String] = [], files: FileReader = .system, diagnostics: Diagnostics
    ) -> Configuration {
        let lexer = Lexer(
            source, defines: predefined(defines, diagnostics), files: files, diagnostics: diagnostics)
        var parser = Parser(lexer)
        return parser.configuration()
    }

    private static func predefined(_ arguments: [String], _ diagnostics: Diagnostics) -> [String: Text] {
        let (major, minor, patch) = speaks
        var defines: [String: Text] = [
            "MARTLET": "", "KAMAILIO_\(major)": "", "KAMAILIO_\(major)_\(minor)": "",
            "KAMAILIO_\(major)_\(minor)_\(patch)": "",
            "KAMAILIO_VERSION": Text(String(major * 1_000_000 + minor * 1000 + patch)),
        ]
        for (index, argument) in arguments.enumerated() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            // Each -A is a line of a file of its own, so that an error can point into it.
            let lines = Array(arguments.joined(separator: "\n").utf8)
            let place = Place(
                file: SourceFile(name: "-A", bytes: lines), line: index + 1, column: 1,
                length: max(name.utf8.count, 1))
            guard let first = name.utf8.first, isWordStart(first), name.utf8.allSatisfy(isWord) else {
                diagnostics.error(
                    "\"\(name)\" is no name for a define", at: place, help: "write -A NAME or -A NAME=VALUE")
                continue
            }
            guard defines[name] == nil else {
                diagnostics.error("\"\(name)\" is defined already", at: place)
                continue
            }
            defines[name] = Text(parts.count > 1 ? String(parts[1]) : "")
        }
        return defines
    }
}
