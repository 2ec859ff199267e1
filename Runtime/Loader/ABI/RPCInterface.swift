// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// "martlet.rpc": the answers of commands, and running them.
extension mt_rpc_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_rpc_api> = {
        let table = UnsafeMutablePointer<mt_rpc_api>.allocate(capacity: 1)
        var api = mt_rpc_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_rpc_api>.size), major: 1, minor: 0)
        api.put = { call, key, value in
            guard let run = mt_rpc_api.commandRun(call), let value else { return mt_result(MT_ERROR) }
            run.put(key.map { String(cString: $0) } ?? "", value.pointee)
            return mt_result(MT_OK)
        }
        api.open = { call, key, isList in
            guard let run = mt_rpc_api.commandRun(call) else { return mt_result(MT_ERROR) }
            run.open(key.map { String(cString: $0) } ?? "", list: isList)
            return mt_result(MT_OK)
        }
        api.close = { call in
            guard let run = mt_rpc_api.commandRun(call) else { return mt_result(MT_ERROR) }
            return answer(run.close())
        }
        api.fault = { call, code, text in
            mt_rpc_api.commandRun(call)?.fail(code, Slice(text).string)
            return mt_result(MT_ERROR)
        }
        api.run = { _, name, arguments, count, sink, user in
            guard let sink, let commands = host.commands?.takeUnretainedValue() else {
                return mt_result(MT_ERROR)
            }
            return commands.post(Slice(name).string, CommandArguments(arguments, count), sink.pointee, user)
        }
        table.initialize(to: api)
        return UnsafePointer(table)
    }()

    private static func commandRun(_ call: UnsafeMutablePointer<mt_call>?) -> CommandRun? {
        host.commands?.takeUnretainedValue().run(of: call)
    }
}
