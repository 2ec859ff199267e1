// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The methods that have a number of their own in `martlet.h`; any other one is `other`.
@frozen public enum Method: UInt8, Sendable {
    case other = 0
    case invite, ack, bye, cancel, options, register
    case prack, update, subscribe, notify, publish, info, refer, message

    /// Method names are case-sensitive (RFC 3261, 7.1).
    public init(_ text: Slice) {
        self = .other
        guard let base = text.base, text.count >= 3, text.count <= 9 else { return }
        let name = Self.ends(base, text.count)
        func isName(_ method: StaticString) -> Bool {
            text.count == method.utf8CodeUnitCount && name == Self.ends(method.utf8Start, text.count)
        }
        switch base[0] {
        case UInt8(ascii: "I"): self = isName("INVITE") ? .invite : isName("INFO") ? .info : .other
        case UInt8(ascii: "A"): if isName("ACK") { self = .ack }
        case UInt8(ascii: "B"): if isName("BYE") { self = .bye }
        case UInt8(ascii: "C"): if isName("CANCEL") { self = .cancel }
        case UInt8(ascii: "O"): if isName("OPTIONS") { self = .options }
        case UInt8(ascii: "R"): self = isName("REGISTER") ? .register : isName("REFER") ? .refer : .other
        case UInt8(ascii: "P"): self = isName("PRACK") ? .prack : isName("PUBLISH") ? .publish : .other
        case UInt8(ascii: "U"): if isName("UPDATE") { self = .update }
        case UInt8(ascii: "S"): if isName("SUBSCRIBE"), base[4] == UInt8(ascii: "C") { self = .subscribe }
        case UInt8(ascii: "N"): if isName("NOTIFY") { self = .notify }
        case UInt8(ascii: "M"): if isName("MESSAGE") { self = .message }
        default: break
        }
    }

    /// The first four and the last four bytes: all there is, but for the fifth of nine.
    @inline(__always) private static func ends(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        let raw = UnsafeRawPointer(start)
        guard count >= 4 else {
            return UInt64(raw.loadUnaligned(as: UInt16.self)) | UInt64(start[count &- 1]) << 16
        }
        return UInt64(raw.loadUnaligned(as: UInt32.self))
            | UInt64(raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)) << 32
    }
}
