// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Which known contact a REGISTER means, and whether it is news.
public enum Matching: Int, Sendable {
    case contact, contactAndCallID, contactAndPath, callID

    /// An instance tells devices apart, and its reg-id their flows (RFC 5626, 6); where there is none, it is
    /// by the mode. URIs are the same when their bytes are.
    public func matches(_ known: ul_contact, _ asked: ul_contact) -> Bool {
        if asked.instance.len > 0 {
            return sameText(Matching.bare(known.instance), Matching.bare(asked.instance))
                && known.reg_id == asked.reg_id
        }
        switch self {
        case .contact: return sameText(known.uri, asked.uri)
        case .contactAndCallID:
            return sameText(known.uri, asked.uri) && sameText(known.call_id, asked.call_id)
        case .contactAndPath: return sameText(known.uri, asked.uri) && sameText(known.path, asked.path)
        case .callID: return sameText(known.call_id, asked.call_id)
        }
    }

    /// Without the angle brackets.
    public static func bare(_ instance: mt_str) -> mt_str {
        guard instance.len >= 2, instance.ptr[0] == 60, instance.ptr[instance.len - 1] == 62 else {
            return instance
        }
        return mt_str(ptr: instance.ptr + 1, len: instance.len - 2)
    }
}

/// What a REGISTER is to a contact that it means (RFC 3261, 10.3, step 7).
public enum News: Equatable, Sendable {
    case news
    /// The same once more: it was answered, and the answer was lost.
    case repeated
    case old

    public static func of(_ asked: ul_contact, to known: ul_contact, now: Int, delay: Int) -> News {
        guard sameText(known.call_id, asked.call_id) else { return .news }
        if asked.cseq > known.cseq { return .news }
        guard asked.cseq == known.cseq else { return .old }
        return Int64(now) - known.modified < Int64(delay) ? .repeated : .old
    }
}
