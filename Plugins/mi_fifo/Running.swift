// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Carrier
import Mi_fifoLogic
import PluginKit

/// Runs a command by its old name, and puts its answer into lines. Lives on the commands' thread.
final class Running: CommandReader, @unchecked Sendable {
    private var tree: MITree
    private let then: @Sendable (_ code: Int, _ text: String) -> Void

    private init(_ then: @escaping @Sendable (Int, String) -> Void) {
        tree = MITree(indent: String(replyIndent.value))
        self.then = then
    }

    /// False: there is no such command, and nobody is told.
    static func start(
        _ name: String, _ arguments: [String], _ then: @escaping @Sendable (Int, String) -> Void
    ) -> Bool {
        guard let (command, arguments) = MINames.resolve(name, arguments) else { return false }
        let values = arguments.map { argument -> CommandArgument in
            Int32(argument).map { .int(Int64($0)) } ?? .text(Array(argument.utf8))
        }
        return withValues(values) { Running(then).run(command, $0).isYes }
    }

    override func put(_ key: Text, _ value: Value) {
        let shown =
            switch value.raw.type {
            case UInt32(MT_STR): String(value.text)
            case UInt32(MT_NULL): ""
            default: String(value.raw.num)
            }
        tree.put(String(key), shown)
    }
    override func open(_ key: Text, list: Bool) { tree.open(String(key)) }
    override func close() { tree.close() }
    override func done(_ code: Int, _ text: Text) {
        if code == 0 { then(200, tree.text) } else { then(code, String(text)) }
    }
}
