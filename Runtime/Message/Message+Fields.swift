// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The numbered fields of `martlet.message`, as the host hands them to plugins.
extension Message {
    /// The text of an MT_F_ field; absent when there is none, or none of that number.
    public func text(_ field: UInt32) -> Slice {
        switch Int(field) {
        case MT_F_METHOD: methodText
        case MT_F_URI: uri
        case MT_F_REASON: reason
        case MT_F_CALL_ID: callID
        case MT_F_CSEQ_METHOD: cseqMethodText
        case MT_F_FROM_URI: fromURI
        case MT_F_FROM_TAG: fromTag
        case MT_F_TO_URI: toURI
        case MT_F_TO_TAG: toTag
        case MT_F_VIA_BRANCH: viaBranch
        case MT_F_NEXT_HOP: nextHop
        case MT_F_PATH: path
        case MT_F_CONTENT_TYPE: contentType
        case MT_F_BODY: body
        case MT_F_BYTES: bytes
        case MT_F_RECEIVED_URI: receivedURI
        case MT_F_REPLY_LINES: replyLines
        case MT_F_REPLY_BODY: replyBody
        case MT_F_REPLY_TYPE: replyType
        case MT_F_ERROR_REASON: errorReason
        case MT_F_VERSION: version
        case MT_F_RUID: ruid
        case MT_F_INSTANCE: instance
        case MT_F_USER_AGENT: userAgent
        default: .absent
        }
    }

    /// The number of an MT_F_ field, or MT_ABSENT.
    public func number(_ field: UInt32) -> Int64 {
        let value: Int? =
            switch Int(field) {
            case MT_F_STATUS: isRequest ? nil : status
            case MT_F_METHOD_ID: Int(method.rawValue)
            case MT_F_CSEQ: header(.cseq).exists ? Int(cseq) : nil
            case MT_F_MAX_FORWARDS: maxForwards
            case MT_F_EXPIRES: expires
            case MT_F_FLAGS: Int(truncatingIfNeeded: flags)
            case MT_F_OUT_SOCKET: outSocket.map { Int($0) }
            case MT_F_SERIAL: Int(truncatingIfNeeded: serial)
            case MT_F_SCRIPT_FLAGS: Int(truncatingIfNeeded: scriptFlags)
            case MT_F_BRANCH_FLAGS: Int(truncatingIfNeeded: branchFlags)
            case MT_F_ERROR: errorStatus == 0 ? nil : errorStatus
            case MT_F_OPTIONS: Int(options)
            case MT_F_TARGETS: targetCount
            case MT_F_REG_ID: regID == 0 ? nil : Int(regID)
            case MT_F_Q: quality
            case MT_F_CONNECTION: connection == 0 ? nil : Int(truncatingIfNeeded: connection)
            case MT_F_EDITED: store.pointee.isIntact && !store.pointee.startEdited ? 0 : 1
            default: nil
            }
        return value.map { Int64($0) } ?? Int64.min
    }

    /// False for a field that cannot be set, or not to that.
    @discardableResult public func setText(_ field: UInt32, _ text: Slice) -> Bool {
        switch Int(field) {
        case MT_F_METHOD: return setMethod(text)
        case MT_F_URI: return setURI(text)
        case MT_F_REASON: return setReason(text)
        case MT_F_FROM_URI: return setFromURI(text)
        case MT_F_FROM_TAG: return setFromTag(text)
        case MT_F_TO_URI: return setToURI(text)
        case MT_F_TO_TAG: return setToTag(text)
        case MT_F_NEXT_HOP: nextHop = text
        case MT_F_PATH: path = text
        case MT_F_CONTENT_TYPE: return setHeader(.contentType, body: text)
        case MT_F_CALL_ID: return text.isPresent && setHeader(.callID, body: text)
        case MT_F_BODY: setBody(text, type: .absent)
        case MT_F_REPLY_LINES: addReplyLines(text)
        case MT_F_REPLY_BODY: replyBody = text
        case MT_F_REPLY_TYPE: replyType = text
        case MT_F_ERROR_REASON: errorReason = text
        case MT_F_RUID: ruid = text
        case MT_F_INSTANCE: instance = text
        case MT_F_USER_AGENT: userAgent = text
        default: return false
        }
        return true
    }

    /// False for a field that cannot be set, or not to that. MT_ABSENT takes a value away where that makes sense.
    @discardableResult public func setNumber(_ field: UInt32, _ number: Int64) -> Bool {
        let absent = number == Int64.min
        switch Int(field) {
        case MT_F_STATUS: return !absent && setStatus(Int(number))
        case MT_F_CSEQ:
            guard let value = UInt32(exactly: number), value <= Int32.max else { return false }
            return setCSeq(value)
        case MT_F_MAX_FORWARDS:
            guard absent || (0...255).contains(number) else { return false }
            return setNumber(.maxForwards, absent ? nil : Int(number))
        case MT_F_EXPIRES:
            guard absent || (0...Int64(UInt32.max)).contains(number) else { return false }
            return setNumber(.expires, absent ? nil : Int(number))
        case MT_F_FLAGS: flags = absent ? 0 : UInt64(bitPattern: number)
        case MT_F_SCRIPT_FLAGS: scriptFlags = absent ? 0 : UInt64(bitPattern: number)
        case MT_F_BRANCH_FLAGS: branchFlags = absent ? 0 : UInt64(bitPattern: number)
        case MT_F_OPTIONS: options = absent ? 0 : UInt32(truncatingIfNeeded: number)
        case MT_F_OUT_SOCKET:
            guard absent || UInt32(exactly: number) != nil else { return false }
            outSocket = absent ? nil : UInt32(truncatingIfNeeded: number)
        case MT_F_ERROR: errorStatus = absent ? 0 : Int(number)
        case MT_F_REG_ID: regID = absent ? 0 : UInt32(truncatingIfNeeded: number)
        case MT_F_Q:
            guard absent || (0...1000).contains(number) else { return false }
            quality = absent ? nil : Int(number)
        case MT_F_CONNECTION: connection = absent ? 0 : UInt64(bitPattern: number)
        default: return false
        }
        return true
    }
}
