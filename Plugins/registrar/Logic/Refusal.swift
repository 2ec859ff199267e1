// SPDX-License-Identifier: Apache-2.0

/// Why a REGISTER is not done, and how that is answered.
public enum Refusal: Error, Equatable, Sendable {
    case oldCSeq
    case starExpires, starMixed
    case badQ, badExpires, badContact, contactTooLong, callIDTooLong, badPath, badRegID
    case noTo, noCallID, noCSeq, badAoR
    case aorTooLong, storage
    case tooMany
    case noPathSupport, noOutboundSupport, outboundUnsupported, edgeLacksOutbound
    case tooBrief(least: Int)

    public var status: Int {
        switch self {
        case .aorTooLong, .storage: 500
        case .tooMany: 503
        case .noPathSupport, .outboundUnsupported: 420
        case .noOutboundSupport: 421
        case .edgeLacksOutbound: 439
        case .tooBrief: 423
        default: 400
        }
    }

    public var reason: StaticString {
        switch status {
        case 500: "Server Internal Error"
        case 503: "Service Unavailable"
        case 420: "Bad Extension"
        case 421: "Extension Required"
        case 439: "First Hop Lacks Outbound Support"
        case 423: "Interval Too Brief"
        default: "Bad Request"
        }
    }

    /// In P-Registrar-Error.
    public var text: StaticString {
        switch self {
        case .oldCSeq: "Invalid CSeq number"
        case .starExpires: "* used in contact and expires is not zero"
        case .starMixed: "* used in contact and more than 1 contact"
        case .badQ: "Invalid q param in contact"
        case .badExpires: "Invalid expires param in contact"
        case .badContact: "Contact parse error"
        case .contactTooLong: "Contact/received too long"
        case .callIDTooLong: "Callid too long"
        case .badPath: "Path parse error"
        case .badRegID: "Invalid Reg-Id number"
        case .noTo: "To header not found"
        case .noCallID: "Call-ID header not found"
        case .noCSeq: "CSeq header not found"
        case .badAoR: "Error while parsing AOR"
        case .aorTooLong: "Address Of Record too long"
        case .storage: "The contact could not be stored"
        case .tooMany: "Too many registered contacts"
        case .noPathSupport: "No support for found Path indicated"
        case .noOutboundSupport: "No support for Outbound indicated"
        case .outboundUnsupported: "No support for Outbound on server"
        case .edgeLacksOutbound: "No support for Outbound on edge proxy"
        case .tooBrief: "Interval too brief"
        }
    }

    /// What save() answers.
    public var code: Int { self == .tooMany ? -2 : -1 }
}
