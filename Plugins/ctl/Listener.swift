// SPDX-License-Identifier: Apache-2.0
import Carrier
import CtlLogic
import Glibc

/// A socket or fifo that is listened on. Made on the main thread; its descriptor is read by the control
/// thread alone.
final class Listener: Sendable {
    let address: ListenAddress
    let descriptor: Int32

    init(_ address: ListenAddress, _ owner: Owner) throws(Failure) {
        self.address = address
        switch address.kind {
        case .unixStream, .unixDatagram:
            descriptor = try CommandSocket.unix(address.place, stream: address.kind == .unixStream, owner)
        case .tcp, .udp:
            descriptor = try CommandSocket.internet(
                address.place, address.port, stream: address.kind == .tcp)
        case .fifo: descriptor = try Fifo.make(address.place, owner)
        }
    }

    func close() {
        _ = Glibc.close(descriptor)
        switch address.kind {
        case .unixStream, .unixDatagram, .fifo: unlink(address.place)
        case .tcp, .udp: break
        }
    }

    /// As ctl.listen shows it.
    var words: [String] {
        let hasPort = address.kind == .tcp || address.kind == .udp
        return [
            address.kind == .fifo ? "fifo" : "binrpc", address.word, address.place,
            hasPort ? String(address.port) : "",
        ]
    }
}
