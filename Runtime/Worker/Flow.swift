// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet

/// The way a message came, or is to go. `reserved` holds the scope of a link-local remote address.
extension mt_flow {
    @inlinable public init(
        _ transport: Transport, socket: UInt32, connection: UInt64 = 0, remote: Endpoint, local: Endpoint
    ) {
        self.init()
        self.protocol = transport.rawValue
        self.socket = socket
        self.connection = connection
        self.remoteEndpoint = remote
        self.localEndpoint = local
    }

    @inlinable public var transport: Transport { Transport(rawValue: self.protocol) ?? .udp }

    @inlinable public var remoteEndpoint: Endpoint {
        get {
            withUnsafeBytes(of: remote) {
                Endpoint(bytes: $0.baseAddress.unsafelyUnwrapped, port: remote_port, scope: reserved)
            }
        }
        set {
            withUnsafeMutableBytes(of: &remote) {
                $0.storeBytes(of: newValue.high, as: UInt64.self)
                $0.storeBytes(of: newValue.low, toByteOffset: 8, as: UInt64.self)
            }
            remote_port = newValue.port
            reserved = newValue.scope
        }
    }

    @inlinable public var localEndpoint: Endpoint {
        get {
            withUnsafeBytes(of: local) {
                Endpoint(bytes: $0.baseAddress.unsafelyUnwrapped, port: local_port)
            }
        }
        set {
            withUnsafeMutableBytes(of: &local) {
                $0.storeBytes(of: newValue.high, as: UInt64.self)
                $0.storeBytes(of: newValue.low, toByteOffset: 8, as: UInt64.self)
            }
            local_port = newValue.port
        }
    }
}

extension mt_flow {
    /// Puts bytes for the remote address at a place of a batch; `from`: from the local address, on a wildcard
    /// socket.
    mutating func put(
        _ batch: OpaquePointer, _ place: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int,
        _ v4: Bool, _ from: Bool
    ) {
        let (port, scope) = (remote_port, reserved)
        withUnsafeBytes(of: &remote) { to in
            withUnsafeBytes(of: &local) { local in
                cl_batch_put(
                    batch, Int32(place), bytes, count, v4, to.baseAddress, port, scope,
                    from ? local.baseAddress : nil)
            }
        }
    }
}
