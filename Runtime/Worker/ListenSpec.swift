// SPDX-License-Identifier: Apache-2.0

/// One `listen` line, as written.
public struct ListenSpec: Sendable {
    /// nil: UDP and TCP.
    public var transport: Transport?
    /// An address, with or without brackets, the name of an interface or of a host; `*` is every interface.
    public var host: String
    /// 0 picks a free one.
    public var port: Int
    public var advertise: (host: String, port: Int?)?
    public var name: String?
    /// The caller's: comes back in a failure.
    public var place: Int

    public init(
        _ transport: Transport?, _ host: String, port: Int = 5060,
        advertise: (host: String, port: Int?)? = nil,
        name: String? = nil, place: Int = 0
    ) {
        self.transport = transport
        self.host = host
        self.port = port
        self.advertise = advertise
        self.name = name
        self.place = place
    }
}

/// One entry of an `alias` line: a name that is ours as well. What is nil matches anything.
public struct Alias: Sendable {
    public var transport: Transport?
    public var host: String
    public var port: Int?

    public init(_ host: String, port: Int? = nil, transport: Transport? = nil) {
        self.host = host
        self.port = port
        self.transport = transport
    }
}

/// A socket that cannot be opened, and why.
public struct ListenFailure: Error, Equatable {
    public let place: Int
    /// `udp:192.0.2.1:5060: Address already in use`
    public let text: String
}

/// All sockets that cannot be opened.
public struct ListenFailures: Error, Equatable {
    public let failures: [ListenFailure]
}
