// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Which side of a transaction has to send the next refresh (RFC 4028, 4: the parameter "refresher").
public enum Refresher: Equatable, Sendable { case uac, uas }

/// Why a header cannot be used.
public enum Malformed: Error, Equatable, Sendable {
    case noNumber, noParameter, badRefresher, twice

    /// As it goes on behind the header's name.
    public var what: StaticString {
        switch self {
        case .noNumber: "does not start with a number of seconds below 2^32"
        case .noParameter: "has something behind the number that is no parameter"
        case .badRefresher: "has a refresher that is not uac or uas, once"
        case .twice: "is there more than once"
        }
    }
}

/// The value of a Session-Expires header (RFC 4028, 4):
/// `delta-seconds *( SEMI ( "refresher" EQUAL ( "uas" / "uac" ) / generic-param ) )`.
public struct SessionExpires: Equatable, Sendable {
    /// In seconds, 0 to 2^32 - 1.
    public let interval: Int
    public let refresher: Refresher?
    /// How many bytes of the value, from its start, come before the number.
    public let numberStart: Int
    /// How many bytes of the value come before what follows the digits.
    public let numberEnd: Int

    public init(_ body: Text) throws(Malformed) {
        var at = 0
        Blank.skip(body, at: &at)
        numberStart = at
        guard let interval = DeltaSeconds.read(body, at: &at) else { throw .noNumber }
        self.interval = interval
        var end = numberStart
        while end < body.count, body[end] >= 48, body[end] <= 57 { end += 1 }
        numberEnd = end
        var refresher: Refresher?
        while at < body.count {
            guard let parameter = HeaderParameter.take(body, at: &at) else { throw .noParameter }
            guard parameter.name.equalsIgnoringCase("refresher") else { continue }
            guard refresher == nil, parameter.hasValue else { throw .badRefresher }
            if parameter.value.equalsIgnoringCase("uac") {
                refresher = .uac
            } else if parameter.value.equalsIgnoringCase("uas") {
                refresher = .uas
            } else {
                throw .badRefresher
            }
        }
        self.refresher = refresher
    }
}

/// The value of a Min-SE header (RFC 4028, 5): `delta-seconds *( SEMI generic-param )`.
public struct MinSE: Equatable, Sendable {
    /// In seconds, 0 to 2^32 - 1.
    public let interval: Int
    public let numberStart: Int
    public let numberEnd: Int

    public init(_ body: Text) throws(Malformed) {
        var at = 0
        Blank.skip(body, at: &at)
        numberStart = at
        guard let interval = DeltaSeconds.read(body, at: &at) else { throw .noNumber }
        self.interval = interval
        var end = numberStart
        while end < body.count, body[end] >= 48, body[end] <= 57 { end += 1 }
        numberEnd = end
        while at < body.count {
            if HeaderParameter.take(body, at: &at) == nil { throw .noParameter }
        }
    }
}
