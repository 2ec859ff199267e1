// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A way that messages go: transport, both addresses, and the connection if there is one. A plain value.
@frozen public struct Flow: @unchecked Sendable {
    public var raw: mt_flow
    @inlinable public init(_ raw: mt_flow) { self.raw = raw }

    @frozen public struct Transport: Equatable, Sendable {
        public let number: UInt32
        @inlinable public init(number: Int) { self.number = UInt32(number) }
        @inlinable public static var udp: Transport { Transport(number: MT_UDP) }
        @inlinable public static var tcp: Transport { Transport(number: MT_TCP) }
        @inlinable public static var tls: Transport { Transport(number: MT_TLS) }
        @inlinable public static var ws: Transport { Transport(number: MT_WS) }
        @inlinable public static var wss: Transport { Transport(number: MT_WSS) }
        @inlinable public static var sctp: Transport { Transport(number: MT_SCTP) }
    }

    @inlinable public var transport: Transport { Transport(number: Int(raw.protocol)) }
    @inlinable public var socket: Socket { Socket(index: raw.socket) }
    /// 0 for datagrams.
    @inlinable public var connection: UInt64 { raw.connection }
    @inlinable public var remotePort: Int { Int(raw.remote_port) }
    @inlinable public var localPort: Int { Int(raw.local_port) }

    @inlinable @discardableResult public func close() -> Outcome {
        var flow = raw
        return Outcome(code: Server.net.pointee.close(&flow))
    }
    /// From any thread.
    @inlinable @discardableResult
    public func send(_ bytes: some Textual & ~Escapable) -> Outcome {
        var flow = raw
        return bytes.withRaw { Outcome(code: Server.net.pointee.send_bytes($0, &flow)) }
    }
}

/// A listening socket. Its texts live as long as the process.
@frozen public struct Socket: Equatable, Sendable, Scriptable {
    public let index: UInt32
    @inlinable public init(index: UInt32) { self.index = index }

    @inlinable public static var count: Int { Int(Server.net.pointee.sockets()) }
    /// By its text or its name.
    @inlinable public static func named(_ text: some Textual & ~Escapable) -> Socket? {
        let index = text.withRaw { Server.net.pointee.find_socket($0) }
        return index == UInt32.max ? nil : Socket(index: index)
    }

    /// "udp:192.0.2.1:5060"
    @inlinable public var text: Text {
        @_lifetime(immortal) get { Text(unchecked: Server.net.pointee.socket(index)) }
    }
    /// The name of its listen line, or absent.
    @inlinable public var name: Text {
        @_lifetime(immortal) get { Text(unchecked: Server.net.pointee.socket_name(index)) }
    }
    /// What our Via says: "host[:port]".
    @inlinable public var advertised: Text {
        @_lifetime(immortal) get { Text(unchecked: Server.net.pointee.advertised(index)) }
    }

    @inlinable public static var type: UInt32 { UInt32(MT_SOCKET) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Socket {
        Socket(index: UInt32(truncatingIfNeeded: value.pointee.num))
    }
}

extension Message {
    /// Sends it as it now stands. Without a flow: where the message says.
    ///
    /// - Parameter sent: called with the outcome; its data is the flow taken.
    @discardableResult
    public func send(_ call: borrowing Call, to flow: Flow? = nil, sent: Action? = nil) -> Outcome {
        let user = sent.map { Unmanaged.passRetained($0).toOpaque() }
        let enter: mt_fn? = sent == nil ? nil : Action.enterOnce
        let code: mt_result
        if var flow = flow?.raw {
            code = Server.net.pointee.send(call.raw, raw, &flow, enter, user)
        } else {
            code = Server.net.pointee.send(call.raw, raw, nil, enter, user)
        }
        return Outcome(code: code)
    }
    /// Sends it to the next place that its name leads to, after the last one failed. `.no`: there is none.
    ///
    /// - Parameter sent: called with the outcome, unless there is none; its data is the flow taken.
    @discardableResult
    public func sendNext(_ call: borrowing Call, sent: Action? = nil) -> Outcome {
        let kept = sent.map { Unmanaged.passRetained($0) }
        let enter: mt_fn? = sent == nil ? nil : Action.enterOnce
        let code = Server.net.pointee.send_next(call.raw, raw, enter, kept?.toOpaque())
        if code == mt_result(MT_NO) { kept?.release() }
        return Outcome(code: code)
    }
}
