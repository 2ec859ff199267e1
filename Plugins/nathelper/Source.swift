// SPDX-License-Identifier: Apache-2.0
import CMartlet
import NathelperLogic
import PluginKit

/// Where a message came from.
struct Source {
    let address: AddressBytes
    let port: Int
    let transport: Int

    init(_ message: Message) {
        var flow = message.flow.raw
        address = withUnsafePointer(to: &flow.remote) { AddressBytes(UnsafeRawPointer($0)) }
        port = Int(flow.remote_port)
        transport = Int(flow.protocol)
    }

    var isWebSocket: Bool { transport == Int(MT_WS) || transport == Int(MT_WSS) }

    /// sip:192.0.2.1:5060;transport=tcp
    var uri: String { "sip:\(address.host):\(port)\(Alias.parameter(transport))" }

    var alias: Alias { Alias(host: address.host, port: port, transport: transport) }

    /// Is that where it came from?
    func isAddress(_ host: Text) -> Bool { AddressBytes(host) == address }
}

extension Message {
    /// The first Contact's URI; absent when there is none.
    var contactURI: Text {
        @_lifetime(copy self) get {
            var list = header(Headers.contact)
            guard let address = list.takeAddress() else { return Text.absent }
            return address.uri
        }
    }

    var sentBy: SentBy? { SentBy(header(Headers.via)) }
}
