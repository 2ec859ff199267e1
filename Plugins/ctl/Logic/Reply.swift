// SPDX-License-Identifier: Apache-2.0

/// The answer of a command while it is being put together.
///
/// The format has no lists inside structures: such a list goes out as a structure whose members have no
/// names, which kamcmd prints as one would expect.
public struct Reply {
    private enum Container { case structure, list, listInStructure }

    private var body = RecordWriter()
    private var open: [Container] = []
    private var tooLarge = false
    private var structureStart = 0
    private let largest: Int
    private let largestStructure: Int

    /// The limits are in bytes; 0 is none.
    public init(largest: Int, largestStructure: Int) {
        self.largest = largest
        self.largestStructure = largestStructure
    }

    public mutating func put(_ name: some Collection<UInt8>, int value: Int64) {
        guard fits else { return }
        member(name)
        body.integer(value)
    }

    public mutating func put(_ name: some Collection<UInt8>, text: some Collection<UInt8>) {
        guard fits else { return }
        member(name)
        body.text(text)
    }

    public mutating func open(_ name: some Collection<UInt8>, list: Bool) {
        if fits {
            member(name)
            if open.isEmpty { structureStart = body.bytes.count }
            if list, !open.contains(where: { $0 != .list }) { body.openList() } else { body.openStructure() }
        }
        let nested = open.contains { $0 != .list }
        open.append(list ? (nested ? .listInStructure : .list) : .structure)
    }

    public mutating func close() {
        guard let last = open.popLast(), fits else { return }
        switch last {
        case .list: body.closeList()
        case .structure, .listInStructure: body.closeStructure()
        }
        if open.isEmpty, largestStructure > 0, body.bytes.count - structureStart > largestStructure {
            tooLarge = true
        }
    }

    /// The whole packet, or a fault when the answer was too large.
    public consuming func finished(cookie: [UInt8]) -> [UInt8] {
        while !open.isEmpty { close() }
        guard fits else {
            let text = "reply too large: see binrpc_max_body_size and binrpc_struct_max_body_size"
            return fault(500, text.utf8, cookie: cookie)
        }
        return packet(.reply, cookie: cookie, body: body.bytes)
    }

    private var fits: Bool {
        mutating get {
            if largest > 0, body.bytes.count > largest { tooLarge = true }
            return !tooLarge
        }
    }

    private mutating func member(_ name: some Collection<UInt8>) {
        if open.last == .structure { body.name(name) }
    }
}
