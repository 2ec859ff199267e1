// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What the parameters of a Route URI say, `lr;r2=on;transport=tcp`, read in one pass.
public struct RouteParams {
    public private(set) var isLoose = false
    public private(set) var isPaired = false
    public private(set) var isGRUU = false
    /// Absent when there is none.
    public private(set) var transport = mt_str()

    public init(_ params: mt_str) {
        guard let start = params.ptr else { return }
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        let count = params.len
        var at = 0
        while at < count {
            let name = at
            while at < count, bytes[at] != UInt8(ascii: ";"), bytes[at] != UInt8(ascii: "=") { at &+= 1 }
            let length = at &- name
            let value = at &+ 1
            while at < count, bytes[at] != UInt8(ascii: ";") { at &+= 1 }
            if length == 2 {
                switch (bytes[name] | 0x20, bytes[name &+ 1] | 0x20) {
                case (UInt8(ascii: "l"), UInt8(ascii: "r")): isLoose = true
                case (UInt8(ascii: "r"), UInt8(ascii: "2")): isPaired = true
                case (UInt8(ascii: "g"), UInt8(ascii: "r")): isGRUU = true
                default: break
                }
            } else if length == 9, transport.ptr == nil, Self.isTransport(bytes + name) {
                transport = mt_str(ptr: start + min(value, at), len: max(at &- value, 0))
            }
            at &+= 1
        }
    }

    private static func isTransport(_ bytes: UnsafePointer<UInt8>) -> Bool {
        let name: StaticString = "transport"
        for at in 0..<9 where bytes[at] | 0x20 != name.utf8Start[at] { return false }
        return true
    }
}
