// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script

/// Turns the text of a parameter into the value that its type asks for. What it makes lives as long as the process.
struct ValueCompiler {
    let parser: VariableParser
    let storage: CodeStorage
    let routes: RouteTable
    let findSocket: (String) -> UInt32?
    /// The table of "store.SCHEME", if a plugin offers it that is loaded before the one with the parameter.
    let findStore: (_ scheme: String, _ user: Plugin) -> UnsafeRawPointer?

    func text(_ text: Text) -> mt_value {
        mt_value(type: UInt32(MT_STR), reserved: 0, num: 0, str: Immortal.text(text.bytes), ptr: nil)
    }

    func compile(_ text: Text, _ field: PluginTable.Field, of plugin: Plugin) -> Result<mt_value, PluginFault>
    {
        var value = self.text(text)
        value.type = UInt32(field.type)
        switch field.type {
        case MT_EXPR:
            switch parser.format(bytes: text.bytes) {
            case .success(let format): value.ptr = UnsafeMutableRawPointer(mutating: format.opaque)
            case .failure(let error): return .failure(PluginFault(error.what, help: error.help))
            }
        case MT_REGEX:
            switch Pattern.compile(text.bytes, in: storage) {
            case .success(let pattern): value.ptr = UnsafeMutableRawPointer(mutating: pattern.opaque)
            case .failure(let error): return .failure(PluginFault(error.what, help: error.help))
            }
        case MT_ROUTE:
            let kind = field.place == 0 ? UInt32(MT_IN_REQUEST) : field.place
            let number = routes.number(kind, named: text.string)
            guard number != 0 || text.isEmpty else { return .failure(noRoute(kind, text.string)) }
            value.num = Int64(number)
        case MT_SOCKET:
            guard let socket = findSocket(text.string) else {
                return .failure(
                    PluginFault(
                        "\"\(text)\" is no listening socket",
                        help: "write it as its listen line does, or use the name of that line"))
            }
            value.num = Int64(socket)
        case MT_URL:
            let scheme = text.string.prefix { $0 != ":" }
            guard scheme.count < text.string.count else {
                return .failure(
                    PluginFault(
                        "\(field.has(MT_SECRET) ? "it" : "\"\(text)\"") is no storage URL",
                        help: "write SCHEME://..., as sqlite:///var/lib/x.db"
                    ))
            }
            guard let store = findStore(String(scheme), plugin) else {
                return .failure(
                    PluginFault(
                        "nothing that an earlier line loads stores under \"\(scheme)\"",
                        help: "put loadmodule \"db_\(scheme).so\" above the plugin that uses it"))
            }
            value.ptr = UnsafeMutableRawPointer(mutating: store)
        default: break
        }
        return .success(value)
    }

    private func noRoute(_ kind: UInt32, _ name: String) -> PluginFault {
        PluginFault(
            "there is no \(RouteTable.keyword(kind))[\(name)]",
            help: Suggestion.help(for: name, in: routes.names(kind))
                ?? "write that block, or name another one")
    }
}
