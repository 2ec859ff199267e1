// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a request. Each has one status and one reason phrase, in the words that Kamailio uses.
///
/// A failure is a small number, so that a message can carry it until sanity_reply() without any memory.
public enum Failure: UInt8, Sendable {
    case version = 1
    case uri, uriScheme, headers, cseqMethodMissing, cseqMethod, cseqNumberMissing, cseqNumber
    case contentLength, contentLengthValue, expires, expiresMissing, expiresValue, proxyRequire,
        proxyRequireHeader
    case from, to, contact, contactURI, authorization, credentials, emptyUser, emptyNonce, emptyResponse
    case fromTags, toTags, missing, via

    public var status: Int {
        switch self {
        case .version: 505
        case .uriScheme: 416
        case .proxyRequire: 420
        default: 400
        }
    }

    /// Some things that are missing leave nobody to answer: a reply needs Via, From, To, Call-ID and CSeq.
    public var isAnswered: Bool { self != .missing && self != .via }

    public var reason: StaticString {
        switch self {
        case .version: "Version Not Supported (R-URI)"
        case .uri: "Bad Request URI"
        case .uriScheme: "Unsupported URI Scheme in Request URI"
        case .headers: "Bad Headers"
        case .cseqMethodMissing: "Missing method in CSeq header"
        case .cseqMethod: "CSeq method does not match request method"
        case .cseqNumberMissing: "Missing number in CSeq header"
        case .cseqNumber: "CSeq number is illegal"
        case .contentLength: "Content-Length mis-match"
        case .contentLengthValue: "Content-Length Failure"
        case .expires: "Bad Expires Header"
        case .expiresMissing: "Missing number in Expires header"
        case .expiresValue: "Expires value is illegal"
        case .proxyRequire: "Bad Proxy Require Extension"
        case .proxyRequireHeader: "Bad Proxy Require Header"
        case .from: "Invalid From Header"
        case .to: "Ivalid To Header"
        case .contact: "Bad Contact Header"
        case .contactURI: "Bad Contact URI"
        case .authorization: "Bad Auth Header"
        case .credentials: "Bad Auth Credentials"
        case .emptyUser: "Auth Empty User"
        case .emptyNonce: "Auth Empty Nonce"
        case .emptyResponse: "Auth Empty Response"
        case .fromTags: "Many From Tag Params"
        case .toTags: "Many To Tag Params"
        case .missing: "Missing Required Header"
        case .via: "Bad Via Header"
        }
    }
}
