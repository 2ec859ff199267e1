// SPDX-License-Identifier: Apache-2.0
import CMartlet
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
        // One block for all texts, so that pointers into it stay what they are.
        var texts: [UInt8] = []
        for argument in arguments { texts += Array(argument.utf8) }
        texts.append(0)
        return texts.withUnsafeBytes { bytes in
            guard let start = bytes.bindMemory(to: CChar.self).baseAddress else { return false }
            var values: [mt_value] = []
            var at = 0
            for argument in arguments {
                let count = argument.utf8.count
                if let number = Int32(argument) {
                    values.append(mt_value(Int(number)))
                } else {
                    values.append(mt_value(mt_str(ptr: start + at, len: count)))
                }
                at += count
            }
            return Running(then).run(command, values).isYes
        }
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
