// SPDX-License-Identifier: Apache-2.0
import CMartlet
import HtableLogic
import PluginKit

/// What expired, in the memory of the message that event_route[htable:expired:...] runs on.
struct Record: BitwiseCopyable {
    let key: mt_str
    let value: mt_value

    static func of(_ message: Message) -> Record? {
        UnsafePointer<Record>(bitPattern: UInt(message.slot))?.pointee
    }

    static func attach(key: [UInt8], value: Expired.Content, to message: Message) {
        let kept = key.withUnsafeBytes { message.keep(mt_str($0)).raw }
        let content: mt_value
        switch value {
        case .number(let number): content = mt_value(number)
        case .text(let text): content = mt_value(text.withUnsafeBytes { message.keep(mt_str($0)).raw })
        }
        let memory = message.allocate(MemoryLayout<Record>.size).bindMemory(to: Record.self)
        guard let place = memory.baseAddress else { return }
        place.initialize(to: Record(key: kept, value: content))
        message.slot = UInt64(UInt(bitPattern: place))
    }
}

/// Removing what has had its time, and telling the script.
enum Expired {
    enum Content {
        case number(Int)
        case text([UInt8])
    }

    static func sweep(_ call: borrowing Call) {
        for entry in Tables.all {
            guard let route = entry.expired else {
                entry.table.sweep(now: Tables.now) { _, _ in }
                continue
            }
            var gone: [(key: [UInt8], value: Content)] = []
            entry.table.sweep(now: Tables.now) { key, value in
                switch value {
                case .number(let number): gone.append((Array(key), .number(number)))
                case .text(let text): gone.append((Array(key), .text(Array(text))))
                }
            }
            for item in gone {
                guard let own = blank() else { return }
                Record.attach(key: item.key, value: item.value, to: own.message)
                call.run(route, on: own.message)
            }
        }
    }

    /// A message for blocks that run without one.
    static func blank() -> OwnMessage? { OwnMessage.request("OPTIONS", "sip:htable@localhost.invalid") }
}
