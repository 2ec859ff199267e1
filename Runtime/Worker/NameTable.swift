// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message

/// All hosts that name us, in one flat hash table: addresses by their 16 bytes, names in any case.
struct NameTable {
    private struct Entry {
        let isAddress: Bool
        let high, low: UInt64
        let name: UnsafeMutablePointer<UInt8>?
        let count: Int
        /// 0: any.
        let port: UInt16
        let transport: Transport?
        let next: Int32
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var heads: UnsafeMutablePointer<Int32>
    private var count: Int32 = 0
    private let mask: UInt64

    init() { self.init(sockets: [], aliases: []) }

    init(sockets: [ListenSocket], aliases: [Alias]) {
        var local: [Endpoint: [Endpoint]] = [:]
        for socket in sockets where socket.endpoint.isWildcard {
            let v4 = socket.endpoint.isV4
            local[socket.endpoint] = Interfaces.all().map(\.endpoint).filter { $0.isV4 == v4 }
        }
        let room = sockets.count * 2 + aliases.count + local.values.reduce(0) { $0 + $1.count } + 1
        var size = 16
        while size < room * 2 { size *= 2 }
        mask = UInt64(size - 1)
        heads = .allocate(capacity: size)
        heads.initialize(repeating: -1, count: size)
        entries = .allocate(capacity: room)
        for socket in sockets {
            for endpoint in local[socket.endpoint] ?? [socket.endpoint] {
                add(endpoint.host, socket.port, socket.transport)
            }
            add(socket.advertisedHost, socket.advertisedPort, socket.transport)
        }
        for alias in aliases {
            add(alias.host, UInt16(clamping: alias.port ?? 0), alias.transport)
        }
    }

    /// The owner's last word: a struct has no end of its own.
    func release() {
        for i in 0..<Int(count) { entries[i].name?.deallocate() }
        entries.deallocate()
        heads.deallocate()
    }

    private mutating func add(_ host: String, _ port: UInt16, _ transport: Transport?) {
        var host = host
        // RFC 1034, 3.1: a name may end with the dot of the root.
        if host.hasSuffix(".") { host.removeLast() }
        let address = Endpoint(host)
        var copy: UnsafeMutablePointer<UInt8>?
        let bytes = Array(host.utf8)
        if address == nil {
            let name = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
            name.update(from: bytes, count: bytes.count)
            copy = name
        }
        let hash = address.map { NameTable.hash($0.high, $0.low) } ?? NameTable.hash(copy, bytes.count)
        let bucket = Int(hash & mask)
        (entries + Int(count)).initialize(
            to: Entry(
                isAddress: address != nil, high: address?.high ?? 0, low: address?.low ?? 0, name: copy,
                count: bytes.count, port: port, transport: transport, next: heads[bucket]))
        heads[bucket] = count
        count += 1
    }

    func holds(host: Slice, port: Int, transport: Transport?) -> Bool {
        guard count > 0, let base = host.base else { return false }
        let literal = Endpoint(literal: UnsafeBufferPointer(start: base, count: host.count), port: 0)
        var length = host.count
        if literal == nil, length > 1, base[length - 1] == UInt8(ascii: ".") { length -= 1 }
        let hash = literal.map { NameTable.hash($0.high, $0.low) } ?? NameTable.hash(base, length)
        let wanted = port == 0 ? Int((transport ?? .udp).defaultPort) : port
        var index = heads[Int(hash & mask)]
        while index >= 0 {
            let entry = entries + Int(index)
            index = entry.pointee.next
            if entry.pointee.port != 0, Int(entry.pointee.port) != wanted { continue }
            if let only = entry.pointee.transport, let transport, !only.mayBe(transport) { continue }
            if let literal {
                if entry.pointee.isAddress, entry.pointee.high == literal.high,
                    entry.pointee.low == literal.low
                {
                    return true
                }
            } else if !entry.pointee.isAddress, entry.pointee.count == length, let name = entry.pointee.name,
                strncasecmp(
                    UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self),
                    UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self), length) == 0
            {
                return true
            }
        }
        return false
    }

    private static func hash(_ high: UInt64, _ low: UInt64) -> UInt64 {
        let mixed = (high ^ low &* 0x9e37_79b9_7f4a_7c15) &* 0xff51_afd7_ed55_8ccd
        return mixed ^ mixed >> 32
    }

    /// FNV-1a over lower-case letters.
    private static func hash(_ name: UnsafePointer<UInt8>?, _ count: Int) -> UInt64 {
        guard let name else { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for i in 0..<count { hash = (hash ^ UInt64(name[i] | 0x20)) &* 0x100_0000_01b3 }
        return hash ^ hash >> 32
    }
}
