// SPDX-License-Identifier: Apache-2.0

/// A header's name as a number: the same for `v`, `Via` and `VIA`.
///
/// 0 is any name that nobody asked about. Names beyond those below get numbers at start-up, by `token`.
@frozen public struct HeaderID: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var other: HeaderID { HeaderID(rawValue: 0) }
    @inlinable public static var via: HeaderID { HeaderID(rawValue: 1) }
    @inlinable public static var from: HeaderID { HeaderID(rawValue: 2) }
    @inlinable public static var to: HeaderID { HeaderID(rawValue: 3) }
    @inlinable public static var callID: HeaderID { HeaderID(rawValue: 4) }
    @inlinable public static var cseq: HeaderID { HeaderID(rawValue: 5) }
    @inlinable public static var maxForwards: HeaderID { HeaderID(rawValue: 6) }
    @inlinable public static var contentLength: HeaderID { HeaderID(rawValue: 7) }
    @inlinable public static var contact: HeaderID { HeaderID(rawValue: 8) }
    @inlinable public static var route: HeaderID { HeaderID(rawValue: 9) }
    @inlinable public static var recordRoute: HeaderID { HeaderID(rawValue: 10) }
    @inlinable public static var contentType: HeaderID { HeaderID(rawValue: 11) }
    @inlinable public static var expires: HeaderID { HeaderID(rawValue: 12) }
    @inlinable public static var timestamp: HeaderID { HeaderID(rawValue: 13) }
    @inlinable public static var require: HeaderID { HeaderID(rawValue: 14) }
    @inlinable public static var proxyRequire: HeaderID { HeaderID(rawValue: 15) }
    @inlinable public static var supported: HeaderID { HeaderID(rawValue: 16) }
    @inlinable public static var unsupported: HeaderID { HeaderID(rawValue: 17) }
    @inlinable public static var allow: HeaderID { HeaderID(rawValue: 18) }
    @inlinable public static var authorization: HeaderID { HeaderID(rawValue: 19) }
    @inlinable public static var proxyAuthorization: HeaderID { HeaderID(rawValue: 20) }
    @inlinable public static var wwwAuthenticate: HeaderID { HeaderID(rawValue: 21) }
    @inlinable public static var proxyAuthenticate: HeaderID { HeaderID(rawValue: 22) }
    @inlinable public static var authenticationInfo: HeaderID { HeaderID(rawValue: 23) }
    @inlinable public static var userAgent: HeaderID { HeaderID(rawValue: 24) }
    @inlinable public static var server: HeaderID { HeaderID(rawValue: 25) }
    @inlinable public static var event: HeaderID { HeaderID(rawValue: 26) }
    @inlinable public static var subscriptionState: HeaderID { HeaderID(rawValue: 27) }
    @inlinable public static var path: HeaderID { HeaderID(rawValue: 28) }
    @inlinable public static var serviceRoute: HeaderID { HeaderID(rawValue: 29) }
    @inlinable public static var sessionExpires: HeaderID { HeaderID(rawValue: 30) }
    @inlinable public static var minSE: HeaderID { HeaderID(rawValue: 31) }
    @inlinable public static var minExpires: HeaderID { HeaderID(rawValue: 32) }
    @inlinable public static var referTo: HeaderID { HeaderID(rawValue: 33) }
    @inlinable public static var referredBy: HeaderID { HeaderID(rawValue: 34) }
    @inlinable public static var replaces: HeaderID { HeaderID(rawValue: 35) }
    @inlinable public static var rack: HeaderID { HeaderID(rawValue: 36) }
    @inlinable public static var rseq: HeaderID { HeaderID(rawValue: 37) }
    @inlinable public static var accept: HeaderID { HeaderID(rawValue: 38) }
    @inlinable public static var acceptEncoding: HeaderID { HeaderID(rawValue: 39) }
    @inlinable public static var acceptLanguage: HeaderID { HeaderID(rawValue: 40) }
    @inlinable public static var acceptContact: HeaderID { HeaderID(rawValue: 41) }
    @inlinable public static var rejectContact: HeaderID { HeaderID(rawValue: 42) }
    @inlinable public static var requestDisposition: HeaderID { HeaderID(rawValue: 43) }
    @inlinable public static var alertInfo: HeaderID { HeaderID(rawValue: 44) }
    @inlinable public static var allowEvents: HeaderID { HeaderID(rawValue: 45) }
    @inlinable public static var callInfo: HeaderID { HeaderID(rawValue: 46) }
    @inlinable public static var contentDisposition: HeaderID { HeaderID(rawValue: 47) }
    @inlinable public static var contentEncoding: HeaderID { HeaderID(rawValue: 48) }
    @inlinable public static var contentLanguage: HeaderID { HeaderID(rawValue: 49) }
    @inlinable public static var date: HeaderID { HeaderID(rawValue: 50) }
    @inlinable public static var diversion: HeaderID { HeaderID(rawValue: 51) }
    @inlinable public static var errorInfo: HeaderID { HeaderID(rawValue: 52) }
    @inlinable public static var flowTimer: HeaderID { HeaderID(rawValue: 53) }
    @inlinable public static var geolocation: HeaderID { HeaderID(rawValue: 54) }
    @inlinable public static var historyInfo: HeaderID { HeaderID(rawValue: 55) }
    @inlinable public static var identity: HeaderID { HeaderID(rawValue: 56) }
    @inlinable public static var identityInfo: HeaderID { HeaderID(rawValue: 57) }
    @inlinable public static var inReplyTo: HeaderID { HeaderID(rawValue: 58) }
    @inlinable public static var join: HeaderID { HeaderID(rawValue: 59) }
    @inlinable public static var mimeVersion: HeaderID { HeaderID(rawValue: 60) }
    @inlinable public static var organization: HeaderID { HeaderID(rawValue: 61) }
    @inlinable public static var pAssertedIdentity: HeaderID { HeaderID(rawValue: 62) }
    @inlinable public static var pPreferredIdentity: HeaderID { HeaderID(rawValue: 63) }
    @inlinable public static var pAccessNetworkInfo: HeaderID { HeaderID(rawValue: 64) }
    @inlinable public static var pAssociatedURI: HeaderID { HeaderID(rawValue: 65) }
    @inlinable public static var pCalledPartyID: HeaderID { HeaderID(rawValue: 66) }
    @inlinable public static var pChargingVector: HeaderID { HeaderID(rawValue: 67) }
    @inlinable public static var priority: HeaderID { HeaderID(rawValue: 68) }
    @inlinable public static var privacy: HeaderID { HeaderID(rawValue: 69) }
    @inlinable public static var reason: HeaderID { HeaderID(rawValue: 70) }
    @inlinable public static var remotePartyID: HeaderID { HeaderID(rawValue: 71) }
    @inlinable public static var replyTo: HeaderID { HeaderID(rawValue: 72) }
    @inlinable public static var retryAfter: HeaderID { HeaderID(rawValue: 73) }
    @inlinable public static var sipETag: HeaderID { HeaderID(rawValue: 74) }
    @inlinable public static var sipIfMatch: HeaderID { HeaderID(rawValue: 75) }
    @inlinable public static var subject: HeaderID { HeaderID(rawValue: 76) }
    @inlinable public static var suppressIfMatch: HeaderID { HeaderID(rawValue: 77) }
    @inlinable public static var targetDialog: HeaderID { HeaderID(rawValue: 78) }
    @inlinable public static var warning: HeaderID { HeaderID(rawValue: 79) }

    /// Numbers up to this one have a place in each message's table of the first field of a kind.
    @inlinable static var known: Int { 79 }

    /// The number of a name, in any letter case, compact forms too; `other` when it has none.
    public static func named(_ name: Slice) -> HeaderID { HeaderNames.shared.find(name) }

    /// The number of a name, given one now if it has none. [main]: costs memory that is never given back.
    public static func token(_ name: String) -> HeaderID { HeaderNames.shared.intern(name) }

    /// The name in its usual spelling; absent for `other`.
    public var name: Slice { HeaderNames.shared.name(of: self) }

    /// The names of the numbers above, in that order, each with its compact form (RFC 3261, 7.3.3, and the IANA list).
    static let table: [(name: StaticString, compact: StaticString)] = [
        ("Via", "v"),
        ("From", "f"),
        ("To", "t"),
        ("Call-ID", "i"),
        ("CSeq", ""),
        ("Max-Forwards", ""),
        ("Content-Length", "l"),
        ("Contact", "m"),
        ("Route", ""),
        ("Record-Route", ""),
        ("Content-Type", "c"),
        ("Expires", ""),
        ("Timestamp", ""),
        ("Require", ""),
        ("Proxy-Require", ""),
        ("Supported", "k"),
        ("Unsupported", ""),
        ("Allow", ""),
        ("Authorization", ""),
        ("Proxy-Authorization", ""),
        ("WWW-Authenticate", ""),
        ("Proxy-Authenticate", ""),
        ("Authentication-Info", ""),
        ("User-Agent", ""),
        ("Server", ""),
        ("Event", "o"),
        ("Subscription-State", ""),
        ("Path", ""),
        ("Service-Route", ""),
        ("Session-Expires", "x"),
        ("Min-SE", ""),
        ("Min-Expires", ""),
        ("Refer-To", "r"),
        ("Referred-By", "b"),
        ("Replaces", ""),
        ("RAck", ""),
        ("RSeq", ""),
        ("Accept", ""),
        ("Accept-Encoding", ""),
        ("Accept-Language", ""),
        ("Accept-Contact", "a"),
        ("Reject-Contact", "j"),
        ("Request-Disposition", "d"),
        ("Alert-Info", ""),
        ("Allow-Events", "u"),
        ("Call-Info", ""),
        ("Content-Disposition", ""),
        ("Content-Encoding", "e"),
        ("Content-Language", ""),
        ("Date", ""),
        ("Diversion", ""),
        ("Error-Info", ""),
        ("Flow-Timer", ""),
        ("Geolocation", ""),
        ("History-Info", ""),
        ("Identity", "y"),
        ("Identity-Info", "n"),
        ("In-Reply-To", ""),
        ("Join", ""),
        ("MIME-Version", ""),
        ("Organization", ""),
        ("P-Asserted-Identity", ""),
        ("P-Preferred-Identity", ""),
        ("P-Access-Network-Info", ""),
        ("P-Associated-URI", ""),
        ("P-Called-Party-ID", ""),
        ("P-Charging-Vector", ""),
        ("Priority", ""),
        ("Privacy", ""),
        ("Reason", ""),
        ("Remote-Party-ID", ""),
        ("Reply-To", ""),
        ("Retry-After", ""),
        ("SIP-ETag", ""),
        ("SIP-If-Match", ""),
        ("Subject", "s"),
        ("Suppress-If-Match", ""),
        ("Target-Dialog", ""),
        ("Warning", ""),
    ]
}
