// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// What `uri`, `src_ip`, `proto` and the like are worth.
enum SpecialOperand {
    /// Of a request its URI, of a reply its status, three digits.
    static func uri(_ message: Message) -> Slice {
        if message.isRequest { return message.uri }
        return message.decimal(Int64(message.status))
    }

    static func number(_ number: SpecialNumber, _ context: Context) -> Int64 {
        let message = context.pointee.message
        switch number {
        case .length: return Int64(message.bytes.count)
        case .sourcePort: return Int64(message.flow.remote_port)
        case .destinationPort: return Int64(message.flow.local_port)
        case .sentPort: return Int64(wayOut(context).local_port)
        case .targetPort: return Int64(wayOut(context).remote_port)
        case .family: return Int64(isIPv4(address(.source, context)) ? AF_INET : AF_INET6)
        case .sentFamily, .targetFamily: return Int64(isIPv4(address(.target, context)) ? AF_INET : AF_INET6)
        case .transport: return transport(message.flow)
        case .sentTransport, .targetTransport: return transport(wayOut(context))
        }
    }

    /// The numbers that scripts know transports by.
    private static func transport(_ flow: mt_flow) -> Int64 {
        switch Int(flow.protocol) {
        case Int(MT_UDP): 1
        case Int(MT_TCP): 2
        case Int(MT_TLS): 3
        case Int(MT_SCTP): 4
        case Int(MT_WS): 5
        case Int(MT_WSS): 6
        default: 0
        }
    }

    /// In onsend_route, the way the message is about to take; elsewhere the parser does not let it be asked
    /// for.
    private static func wayOut(_ context: Context) -> mt_flow {
        context.pointee.sending?.pointee ?? mt_flow()
    }

    /// The 16 bytes as two words, in the order of memory.
    @inline(__always)
    static func address(_ place: SpecialPlace, _ context: Context) -> (UInt64, UInt64) {
        var flow = place == .sent || place == .target ? wayOut(context) : context.pointee.message.flow
        switch place {
        case .source, .target, .uri, .from, .to:
            return withUnsafeBytes(of: &flow.remote) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        case .destination, .sent:
            return withUnsafeBytes(of: &flow.local) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        }
    }

    private static func isIPv4(_ words: (UInt64, UInt64)) -> Bool {
        words.0 == 0 && UInt64(littleEndian: words.1) & 0xFFFF_FFFF == 0xFFFF_0000
    }

    /// The address written in a text; what is none equals nothing.
    static func isAddress(_ place: SpecialPlace, _ text: Slice, _ context: Context) -> Bool {
        guard let written = words(of: text) else { return false }
        return written == address(place, context)
    }

    private static func words(of text: Slice) -> (UInt64, UInt64)? {
        var text = text
        if text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") {
            text = text[1..<text.count - 1]
        }
        guard text.count > 0, text.count < 46, let base = text.base else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room -> (UInt64, UInt64)? in
            guard let start = room.baseAddress else { return nil }
            memcpy(start, base, text.count)
            start.storeBytes(of: 0, toByteOffset: text.count, as: UInt8.self)
            let string = start.assumingMemoryBound(to: CChar.self)
            var four = in_addr()
            if inet_pton(AF_INET, string, &four) == 1 {
                return (0, UInt64(four.s_addr) << 32 | 0xFFFF_0000)
            }
            var six = in6_addr()
            guard inet_pton(AF_INET6, string, &six) == 1 else { return nil }
            return withUnsafeBytes(of: &six) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        }
    }

    // MARK: - myself

    /// Does it name this server? A URI does with the port that is written, or 5060, or 5061 with TLS; an
    /// address on any port.
    static func isMine(_ place: SpecialPlace, _ context: Context) -> Bool {
        let message = context.pointee.message
        switch place {
        case .uri:
            guard let uri = message.requestURI else { return false }
            return isMine(uri, context)
        case .from: return isMine(text: message.fromURI, context)
        case .to: return isMine(text: message.toURI, context)
        case .source, .destination, .sent, .target:
            let words = address(place, context)
            return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
                guard let start = room.baseAddress else { return false }
                let string = start.assumingMemoryBound(to: CChar.self)
                let isFour = isIPv4(words)
                var bytes = words
                let text = withUnsafeBytes(of: &bytes) {
                    inet_ntop(
                        isFour ? AF_INET : AF_INET6, $0.baseAddress.unsafelyUnwrapped + (isFour ? 12 : 0),
                        string, 64)
                }
                guard text != nil else { return false }
                let host = mt_str(ptr: UnsafePointer(string), len: strlen(string))
                return context.pointee.services.pointee.isMine(host, 0, 0)
            }
        }
    }

    private static func isMine(text: Slice, _ context: Context) -> Bool {
        guard let uri = URI(parsing: text) else { return false }
        return isMine(uri, context)
    }

    private static func isMine(_ uri: URI, _ context: Context) -> Bool {
        guard uri.host.count > 0 else { return false }
        var port = uri.port
        if port == 0 {
            port = uri.isSIPS || uri.param("transport").equalsIgnoringCase("tls") ? 5061 : 5060
        }
        return context.pointee.services.pointee.isMine(uri.host.mt, UInt32(port), 0)
    }
}
