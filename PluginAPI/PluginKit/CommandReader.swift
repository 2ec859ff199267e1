// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Gets the answer of a command piece by piece: for plugins that carry commands over a wire (ctl, jsonrpcs).
///
///     final class Packet: CommandReader {
///         override func put(_ key: Text, _ value: Value) { ... }
///         override func done(_ fault: Int, _ text: Text) { send() }
///     }
///     Packet().run("core.info", arguments)
///
/// All of it is called on the commands' thread, `done` last; the reader is held until then.
open class CommandReader: @unchecked Sendable {
    public init() {}

    open func put(_ key: Text, _ value: Value) {}
    open func open(_ key: Text, list: Bool) {}
    open func close() {}
    /// - Parameter fault: 0 for none, else why in `text`.
    open func done(_ fault: Int, _ text: Text) {}

    /// From any thread. `.no` when there is no such command: then `done` is not called.
    @discardableResult
    public func run(_ name: some Textual & ~Escapable, _ arguments: [mt_value] = []) -> Outcome {
        let held = Unmanaged.passRetained(self)
        let code = name.withRaw { name in
            arguments.withUnsafeBufferPointer {
                Server.rpc.pointee.run(
                    Server.host, name, $0.baseAddress, UInt32($0.count), CommandReader.sink, held.toOpaque())
            }
        }
        if code <= 0 { held.release() }
        return Outcome(code: code)
    }

    /// Never freed: the server may use it as long as it likes.
    nonisolated(unsafe) private static let sink: UnsafePointer<mt_rpc_sink> = {
        let sink = UnsafeMutablePointer<mt_rpc_sink>.allocate(capacity: 1)
        sink.initialize(
            to: mt_rpc_sink(
                put: { user, key, value in
                    guard let user, let value else { return }
                    from(user)._withUnsafeGuaranteedRef {
                        $0.put(Text(unchecked: key), Value(unchecked: value.pointee))
                    }
                },
                open: { user, key, list in
                    guard let user else { return }
                    from(user)._withUnsafeGuaranteedRef { $0.open(Text(unchecked: key), list: list) }
                },
                close: { user in
                    guard let user else { return }
                    from(user)._withUnsafeGuaranteedRef { $0.close() }
                },
                done: { user, fault, text in
                    guard let user else { return }
                    let reader = from(user)
                    reader._withUnsafeGuaranteedRef { $0.done(Int(fault), Text(unchecked: text)) }
                    reader.release()
                }))
        return UnsafePointer(sink)
    }()

    private static func from(_ user: UnsafeMutableRawPointer) -> Unmanaged<CommandReader> {
        .fromOpaque(user)
    }
}
