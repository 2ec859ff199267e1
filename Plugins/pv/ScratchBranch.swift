// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// $sbranch: a branch that is put together by hand, before it becomes a target or the Request-URI.
enum ScratchBranch {
    private struct Parts {
        let uri, nextHop, path, q, socket, flags: Expression
    }
    /// Written once, before any traffic.
    nonisolated(unsafe) private static var parts: Parts?

    static func prepare() -> Bool {
        guard let uri = Expression.compile("$sbranch(uri)"),
            let nextHop = Expression.compile("$sbranch(dst_uri)"),
            let path = Expression.compile("$sbranch(path)"), let q = Expression.compile("$sbranch(q)"),
            let socket = Expression.compile("$sbranch(send_socket)"),
            let flags = Expression.compile("$sbranch(flags)")
        else { return false }
        parts = Parts(uri: uri, nextHop: nextHop, path: path, q: q, socket: socket, flags: flags)
        return true
    }

    /// Makes it the Request-URI, with what goes along.
    static func setRequestURI(_ call: borrowing Call) -> Outcome {
        guard let parts, let uri = call.read(parts.uri), !uri.text.isEmpty else { return .no }
        let message = call.message
        guard message.set(.uri, uri.text).isYes else { return .no }
        if let nextHop = call.read(parts.nextHop), !nextHop.text.isEmpty {
            message.set(.nextHop, nextHop.text)
        } else {
            message.clear(.nextHop)
        }
        if let path = call.read(parts.path), !path.text.isEmpty {
            message.set(.path, path.text)
        } else {
            message.clear(.path)
        }
        if let socket = socket(call, parts) {
            message.set(.outSocket, Int(socket))
        } else {
            message.clear(.outSocket)
        }
        if let flags = call.read(parts.flags)?.int { message.set(.branchFlags, flags) }
        return .yes
    }

    /// Makes it one more target.
    static func append(_ call: borrowing Call) -> Outcome {
        guard let parts, let uri = call.read(parts.uri), !uri.text.isEmpty else { return .no }
        var target = mt_target()
        target.uri = uri.text.raw
        if let nextHop = call.read(parts.nextHop), !nextHop.text.isEmpty {
            target.next_hop = nextHop.text.raw
        }
        if let path = call.read(parts.path), !path.text.isEmpty { target.path = path.text.raw }
        target.q = -1
        if let q = call.read(parts.q)?.int { target.q = Int32(clamping: q) }
        target.socket = socket(call, parts) ?? UInt32.max
        if let flags = call.read(parts.flags)?.int { target.flags = UInt64(truncatingIfNeeded: flags) }
        return call.message.add(&target).isYes ? .yes : .no
    }

    static func reset(_ call: borrowing Call) -> Outcome {
        guard let parts else { return .no }
        for part in [parts.uri, parts.nextHop, parts.path, parts.q, parts.socket, parts.flags] {
            call.write(part, mt_value())
        }
        return .yes
    }

    private static func socket(_ call: borrowing Call, _ parts: Parts) -> UInt32? {
        guard let name = call.read(parts.socket), !name.text.isEmpty else { return nil }
        let socket = Server.net.pointee.find_socket(name.text.raw)
        return socket == UInt32.max ? nil : socket
    }
}

@Declarations func branchFunctions() -> [any Declaration] {
    let places: Where = [.request, .branch, .failure]
    Function("sbranch_set_ruri", in: places, "Makes $sbranch the Request-URI.") { call in
        ScratchBranch.setRequestURI(call)
    }
    Function("sbranch_append", in: places, "Makes $sbranch one more target.") { call in
        ScratchBranch.append(call)
    }
    Function("sbranch_reset", in: places, "Empties $sbranch.") { call in ScratchBranch.reset(call) }
}
