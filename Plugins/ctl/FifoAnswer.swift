// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Carrier
import CtlLogic
import PluginKit

/// Turns the answer of a command into lines of text, and writes them to the fifo that the client made for
/// them.
final class FifoAnswer: CommandReader, @unchecked Sendable {
    /// Where clients make their fifos.
    private static let folder = "/tmp"
    private let path: String?
    private var text = ""
    private var depth = 0

    init(_ name: String) { path = name.isEmpty ? nil : "\(FifoAnswer.folder)/\(name)" }

    func run(_ request: Request) {
        let name = String(decoding: request.name, as: UTF8.self)
        guard !withArguments(request, { run(name, $0) }).isYes else { return }
        write("500 command \(name) not found\n")
    }

    override func put(_ key: Text, _ value: Value) {
        let shown = value.raw.type == UInt32(MT_STR) ? String(value.text) : String(value.raw.num)
        line(depth > 0 && !key.isEmpty ? "\(String(key)): \(shown)" : shown)
    }

    override func open(_ key: Text, list: Bool) {
        line(depth > 0 && !key.isEmpty ? "\(String(key)): {" : "{")
        depth += 1
    }

    override func close() {
        depth -= 1
        line("}")
    }

    override func done(_ code: Int, _ text: Text) {
        write(code == 0 ? "200 OK\n\(self.text)" : "\(code) \(String(text))\n")
    }

    private func line(_ line: String) { text += String(repeating: "\t", count: max(depth, 0)) + line + "\n" }

    private func write(_ answer: String) {
        guard let path else { return }
        Fifo.answer(answer + "\n", in: path)
    }
}
