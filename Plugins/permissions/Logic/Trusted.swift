// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A peer that is trusted by where it sends from, and what it sends.
public struct TrustedPeer: Sendable {
    public let source: String
    public let transport: String
    public let from, requestURI: URIPattern?
    public let tag: String?
    public let priority: Int

    public enum Fault: Error, Equatable {
        case transport
        case pattern(String)
    }

    public init(
        source: String, transport: String, from: String?, requestURI: String?, tag: String?, priority: Int
    ) throws(Fault) {
        self.source = source.lowercased()
        self.transport = transport.lowercased()
        guard ["any", "udp", "tcp", "tls", "ws", "wss", "sctp", "none"].contains(self.transport) else {
            throw .transport
        }
        func pattern(_ text: String?) throws(Fault) -> URIPattern? {
            guard let text, !text.isEmpty else { return nil }
            guard let pattern = URIPattern(text) else { throw .pattern(text) }
            return pattern
        }
        self.from = try pattern(from)
        self.requestURI = try pattern(requestURI)
        self.tag = tag
        self.priority = priority
    }

    /// "none" never matches; "any" is any transport.
    public func matches(transport: Text, from: Text, requestURI: Text) -> Bool {
        guard self.transport == "any" || transport.equalsIgnoringCase(self.transport),
            self.transport != "none"
        else { return false }
        if let pattern = self.from, !pattern.matches(from) { return false }
        if let pattern = self.requestURI, !pattern.matches(requestURI) { return false }
        return true
    }
}

/// All of them, by source. It is built once, and then only read.
public struct TrustedPeers: Sendable {
    public private(set) var bySource: [String: [TrustedPeer]] = [:]
    public init() {}

    public var count: Int { bySource.values.reduce(0) { $0 + $1.count } }

    public mutating func add(_ peer: TrustedPeer) {
        // The higher the priority, the earlier it is asked.
        var peers = bySource[peer.source] ?? []
        let place = peers.firstIndex { $0.priority < peer.priority } ?? peers.count
        peers.insert(peer, at: place)
        bySource[peer.source] = peers
    }

    /// Calls the closure for those that match, until it answers false. "any" as a source is everybody.
    public func each(
        source: String, transport: Text, from: Text, requestURI: Text, _ body: (TrustedPeer) -> Bool
    ) {
        for source in [source.lowercased(), "any"] {
            for peer in bySource[source] ?? []
            where peer.matches(transport: transport, from: from, requestURI: requestURI) {
                guard body(peer) else { return }
            }
        }
    }
}
