// SPDX-License-Identifier: Apache-2.0
import CtlLogic
import Glibc
import Loader

/// `martlet rpc`: asks a running server over the socket of its ctl plugin, and prints the answer.
struct RemoteCommand {
    private let arguments: Arguments

    init(_ arguments: Arguments) { self.arguments = arguments }

    func run() -> Int32 {
        let folder = arguments.runFolder ?? RunFolder.usual
        let wanted = arguments.socket ?? "kamailio_ctl"
        guard let address = ListenAddress.parse(wanted, fifo: false, runFolder: folder),
            address.kind == .unixStream || address.kind == .tcp
        else {
            return complain(
                "\"\(wanted)\" names no stream socket", help: "-s PATH, -s unix:PATH or -s tcp:HOST:PORT")
        }
        guard let descriptor = connect(address) else {
            return complain(
                "cannot reach a server at \(address.place): \(String(cString: strerror(errno)))",
                help: "is it running, with the ctl plugin loaded? -Y or -s say where its socket is")
        }
        defer { close(descriptor) }
        guard send(descriptor, request()), let (head, body) = receive(descriptor) else {
            return complain("the server at \(address.place) gave no answer", help: "see its log")
        }
        return show(head, body)
    }

    // MARK: - the question

    private func request() -> [UInt8] {
        var body = RecordWriter()
        for (index, word) in arguments.rest.enumerated() {
            // As kamcmd has it: a number is a number unless it is written s:42.
            if index > 0, word.hasPrefix("s:") {
                body.text(Array(word.dropFirst(2).utf8))
            } else if index > 0, let number = Int32(word) {
                body.int(number)
            } else {
                body.text(Array(word.utf8))
            }
        }
        return packet(.request, cookie: [0x4d, 0x52, 0x54, 0x4c], body: body.bytes)
    }

    // MARK: - the answer

    private func show(_ head: PacketHead, _ body: [UInt8]) -> Int32 {
        var reader = RecordReader(body)
        var records: [Record] = []
        do throws(RecordError) {
            while !reader.atEnd { records.append(try reader.next()) }
        } catch {
            return complain("the answer cannot be read: \(error.text)", help: "are both of one version?")
        }
        if head.kind == PacketKind.fault.rawValue {
            var code = "500"
            var text = ""
            if case .int(let number)? = records.first { code = "\(number)" }
            if case .text(let bytes)? = records.dropFirst().first {
                text = String(decoding: bytes, as: UTF8.self)
            }
            if arguments.json { print("{\"error\":{\"code\":\(code),\"message\":\(JSONText.quoted(text))}}") }
            return complain("\(code) \(text)", help: nil)
        }
        if arguments.json {
            let all = records.map(\.json)
            print(all.count == 1 ? all[0] : "[\(all.joined(separator: ","))]")
        } else {
            for record in records { print(record.pretty(0)) }
        }
        return 0
    }

    private func complain(_ what: String, help: String?) -> Int32 {
        Log.tell("error: \(what)\n" + (help.map { "  help: \($0)\n" } ?? ""))
        return 1
    }

    // MARK: - the socket

    private func connect(_ address: ListenAddress) -> Int32? {
        address.kind == .tcp ? connectTCP(address) : connectUnix(address.place)
    }

    private func connectUnix(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            errno = ENAMETOOLONG
            return nil
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? descriptor : nil
    }

    private func connectTCP(_ address: ListenAddress) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.place, "\(address.port)", &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            let descriptor = socket(entry.pointee.ai_family, entry.pointee.ai_socktype, 0)
            guard descriptor >= 0 else { continue }
            if Glibc.connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 {
                return descriptor
            }
            close(descriptor)
        }
        return nil
    }

    private func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + sent, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func receive(_ descriptor: Int32) -> (PacketHead, [UInt8])? {
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            // A packet that is none is an answer as little as no packet.
            if let head = try? PacketHead.parse(bytes), bytes.count >= head.size + head.bodyCount {
                return (head, Array(bytes[head.size..<(head.size + head.bodyCount)]))
            }
            let count = read(descriptor, &room, room.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            bytes += room[..<count]
        }
    }
}

extension Record {
    /// As kamcmd prints it.
    fileprivate func pretty(_ depth: Int) -> String {
        let margin = String(repeating: "\t", count: depth)
        switch self {
        case .int(let number): return "\(margin)\(number)"
        case .text(let bytes), .bytes(let bytes): return margin + String(decoding: bytes, as: UTF8.self)
        case .double(let thousandths): return margin + decimal(thousandths)
        case .list(let items): return items.map { $0.pretty(depth) }.joined(separator: "\n")
        case .structure(let members):
            let lines = members.map { member in
                let name = member.name.map { String(decoding: $0, as: UTF8.self) + ": " } ?? ""
                let value = member.value.pretty(depth + 1)
                return "\(margin)\t\(name)\(value.drop { $0 == "\t" })"
            }
            return "\(margin){\n\(lines.joined(separator: "\n"))\n\(margin)}"
        }
    }

    fileprivate var json: String {
        switch self {
        case .int(let number): "\(number)"
        case .text(let bytes), .bytes(let bytes): JSONText.quoted(String(decoding: bytes, as: UTF8.self))
        case .double(let thousandths): decimal(thousandths)
        case .list(let items): "[\(items.map(\.json).joined(separator: ","))]"
        case .structure(let members):
            // The format has no lists inside structures: members without names stand for one.
            if !members.isEmpty, members.allSatisfy({ $0.name == nil }) {
                "[\(members.map(\.value.json).joined(separator: ","))]"
            } else {
                "{"
                    + members.map {
                        "\(JSONText.quoted(String(decoding: $0.name ?? [], as: UTF8.self))):\($0.value.json)"
                    }.joined(separator: ",") + "}"
            }
        }
    }
}
