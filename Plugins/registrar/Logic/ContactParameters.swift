// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The parameters of a Contact that a registrar looks at, found in one pass. The first of a name counts; values
/// are without the quotes around them, and parts of the text. An absent one is not there, an empty one has no value.
public struct ContactParameters {
    /// RFC 3261, 10.2.1.2 and 10.2.1.1.
    public private(set) var q = mt_str()
    public private(set) var expires = mt_str()
    /// RFC 3840, 9.
    public private(set) var methods = mt_str()
    /// RFC 5626, 4.1.
    public private(set) var instance = mt_str()
    public private(set) var regID = mt_str()

    /// - Parameter text: from the first `;` on.
    public init(_ text: Text) {
        var rest = text
        while !rest.isEmpty {
            let end = ContactParameters.end(of: rest)
            let piece = rest.prefix(end).trimmed
            rest = rest.dropFirst(end + 1)
            if !piece.isEmpty { take(piece) }
        }
    }

    private mutating func take(_ piece: Text) {
        let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.count
        let name = piece.prefix(equals).trimmed
        // With no "=" what is behind it is empty, and not absent.
        let value = unquoted(piece.dropFirst(equals + 1).trimmed)
        switch name.count {
        case 1: if q.ptr == nil, name.equalsIgnoringCase("q") { q = value.raw }
        case 6: if regID.ptr == nil, name.equalsIgnoringCase("reg-id") { regID = value.raw }
        case 7:
            if expires.ptr == nil, name.equalsIgnoringCase("expires") {
                expires = value.raw
            } else if methods.ptr == nil, name.equalsIgnoringCase("methods") {
                methods = value.raw
            }
        case 13: if instance.ptr == nil, name.equalsIgnoringCase("+sip.instance") { instance = value.raw }
        default: break
        }
    }

    /// Where the first `;` outside of quotes stands, or the end.
    private static func end(of text: Text) -> Int {
        let bytes = text.span
        var at = 0
        var isQuoted = false
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: at += 1
            case UInt8(ascii: ";") where !isQuoted: return at
            default: break
            }
            at += 1
        }
        return bytes.count
    }
}

/// Without the quotes around it.
@_lifetime(copy text)
public func unquoted(_ text: Text) -> Text {
    guard text.count >= 2, text[0] == UInt8(ascii: "\""), text[text.count - 1] == UInt8(ascii: "\"") else {
        return text
    }
    return text.dropFirst().dropLast()
}
