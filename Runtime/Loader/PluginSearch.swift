// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where plugin files are looked for.
///
/// The folders of `loadpath`/`mpath` or `-L`, as far as they exist, and then our own: a file that names another
/// server's folder still finds the plugins that came with this one.
struct PluginSearch {
    /// What looking for a plugin came to.
    enum Answer: Equatable {
        case found(path: String)
        /// Files of that name which are not plugins of ours, and nothing better.
        case foreign(path: String)
        case missing
    }

    let folders: [String]

    init(listed: [String], builtIn: [String] = PluginSearch.builtIn) {
        var seen: Set<String> = []
        folders = (listed.flatMap { $0.split(separator: ":").map(String.init) }.map(Self.trimmed) + builtIn)
            .filter { Self.isFolder($0) && seen.insert($0).inserted }
    }

    /// The folder of the running program, where the package manager also puts the plugins, and the place that an
    /// installation has for them.
    static let builtIn: [String] = {
        let folder = executableFolder()
        return [folder, folder + "/../lib/martlet"]
    }()

    /// "…/libmod_sst.so", "sst.so" and "sst" are all "sst".
    static func base(_ name: String) -> String {
        var base = name.split(separator: "/").last.map(String.init) ?? name
        if base.hasSuffix(".so") { base.removeLast(3) }
        if base.hasPrefix("libmod_") { base.removeFirst(7) }
        return base
    }

    /// As module-loader.md 1: an absolute name as it is; a bare name in each folder; a relative one from here, then
    /// from each folder.
    func find(_ name: String) -> Answer {
        var foreign: String?
        for path in candidates(name) where access(path, R_OK) == 0 && !Self.isFolder(path) {
            guard let image = ELFImage(path: path), !image.exports.contains("martlet_plugin") else {
                return .found(path: path)
            }
            foreign = foreign ?? path
        }
        return foreign.map { .foreign(path: $0) } ?? .missing
    }

    private func candidates(_ name: String) -> [String] {
        if name.hasPrefix("/") { return [name] }
        let base = name.hasSuffix(".so") ? String(name.dropLast(3)) : name
        if name.contains("/") { return [name] + folders.flatMap { ["\($0)/\(name)", "\($0)/\(base).so"] } }
        return folders.flatMap {
            ["\($0)/\(base).so", "\($0)/libmod_\(base).so", "\($0)/\(base)/\(base).so"]
        }
    }

    /// The names of all plugins in reach, for suggestions.
    func available() -> [String] {
        var names: Set<String> = []
        for folder in folders {
            guard let stream = opendir(folder) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let file = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix(while: { $0 != 0 }), as: UTF8.self)
                }
                guard file.hasSuffix(".so"), !names.contains(Self.base(file)) else { continue }
                // A name of ours is enough; of others it is the file that tells.
                if file.hasPrefix("libmod_") || Self.isPlugin("\(folder)/\(file)") {
                    names.insert(Self.base(file))
                }
            }
        }
        return names.sorted()
    }

    private static func isPlugin(_ path: String) -> Bool {
        ELFImage(path: path)?.exports.contains("martlet_plugin") ?? false
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func trimmed(_ folder: String) -> String {
        folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    }

    private static func executableFolder() -> String {
        let path = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(
                0,
                buffer.withMemoryRebound(to: CChar.self) { readlink("/proc/self/exe", $0.baseAddress!, 4096) }
            )
        }
        let text = String(decoding: path, as: UTF8.self)
        return text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "."
    }
}
