// SPDX-License-Identifier: Apache-2.0

/// The name in a ClientHello (RFC 6066, 3): of the body of its server_name extension. nil: there is none that could be
/// a host.
public enum ServerName {
    public static func read(_ bytes: UnsafeRawBufferPointer) -> String? {
        // A list of names behind its size, each with a type and a size.
        guard bytes.count >= 5 else { return nil }
        let size = Int(bytes[0]) << 8 | Int(bytes[1])
        guard size == bytes.count - 2, bytes[2] == 0 else { return nil }
        let count = Int(bytes[3]) << 8 | Int(bytes[4])
        guard count > 0, count <= 255, 5 + count <= bytes.count else { return nil }
        let name = bytes[5..<5 + count]
        guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }
}

/// Whether a certificate is that of a SIP domain (RFC 5922, 7.1 and 7.2).
public enum Identity {
    /// The domain of a `sip:` URI that names nothing but a domain.
    public static func domain(ofURI uri: String) -> String? {
        guard uri.lowercased().hasPrefix("sip:") else { return nil }
        let rest = uri.dropFirst(4)
        guard !rest.contains("@"), !rest.isEmpty else { return nil }
        let end = rest.firstIndex { $0 == ";" || $0 == "?" || $0 == ":" } ?? rest.endIndex
        return rest[..<end].lowercased()
    }
}
