// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// How sockets stand in the column of that name: `udp:192.0.2.1:5060`, with `sock_mode` 1 of registrar with the address that
/// they are advertised as. Either way is understood.
enum SocketNames {
    /// Before traffic only: that makes `unsafe` safe.
    nonisolated(unsafe) static var areAdvertised = false

    static func with<Result>(_ socket: UInt32, _ body: (mt_str) -> Result) -> Result {
        let bound = Server.net.pointee.socket(socket)
        guard areAdvertised, let line = advertised(socket, bound) else { return body(bound) }
        return line.withRaw(body)
    }

    /// nil: as it is bound.
    private static func advertised(_ socket: UInt32, _ bound: mt_str) -> String? {
        let other = String(Text(unchecked: Server.net.pointee.advertised(socket)))
        let whole = String(Text(unchecked: bound))
        guard !other.isEmpty, let colon = whole.firstIndex(of: ":"), let last = whole.lastIndex(of: ":")
        else {
            return nil
        }
        let hasPort = other.lastIndex(of: ":").map { !other[$0...].contains("]") } ?? false
        return "\(whole[..<colon]):\(other)\(hasPort ? "" : String(whole[last...]))"
    }

    /// UL_NO_SOCKET: it is none of ours, or not any more.
    static func find(_ name: mt_str) -> UInt32 {
        let found = Server.net.pointee.find_socket(name)
        if found != UInt32.max { return found }
        let wanted = String(Text(unchecked: name))
        for socket in 0..<Server.net.pointee.sockets()
        where advertised(socket, Server.net.pointee.socket(socket)) == wanted {
            return socket
        }
        return UL_NO_SOCKET
    }
}
