// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import HtableLogic
import PluginKit

/// The tables of the configuration. Written once, before any traffic.
enum Tables {
    nonisolated(unsafe) private(set) static var all: [Entry] = []

    /// A table, with its name where it can be compared without a String, and the block that hears of what
    /// expires.
    struct Entry: @unchecked Sendable {
        let name: mt_str
        let table: Table
        let locks: ScriptLocks
        /// Known once the blocks are.
        var expired: Route?
    }

    static func define(_ lines: Params<Text>) -> Outcome {
        for line in 0..<lines.count {
            let definition: TableDefinition
            do throws(TableDefinition.Malformed) {
                definition = try TableDefinition.parse(String(lines[line]))
            } catch {
                return Host.fail(error.what, help: error.help)
            }
            guard find(definition.name) == nil else {
                return Host.fail(
                    "the table \"\(definition.name)\" is defined twice", help: "take one of the two away")
            }
            all.append(Entry(name: lasting(definition.name), table: Table(definition), locks: ScriptLocks()))
        }
        return .yes
    }

    /// Blocks are read after plugins have started.
    static func findRoutes() {
        for index in all.indices {
            all[index].expired = Route.named("htable:expired:\(all[index].table.definition.name)", .event)
        }
    }

    static func find(_ name: borrowing some Textual & ~Escapable) -> Entry? {
        name.withRaw { name in
            for entry in all where Text(unchecked: entry.name).equals(name) { return entry }
            return nil
        }
    }

    /// Finds the table of a call, and says so when there is none.
    static func named(_ name: Text) -> Entry? {
        if let entry = find(name) { return entry }
        Host.log(.error, "there is no table \"\(String(name))\"; tables are defined by the parameter htable")
        return nil
    }

    /// Milliseconds since 1970, which is what items expire by.
    static var now: Int { Loop.clock }

    private static func lasting(_ text: String) -> mt_str {
        mt_str(ptr: UnsafePointer(strdup(text)), len: text.utf8.count)
    }
}

/// "table=>key", taken apart.
struct Place: ~Escapable {
    let entry: Tables.Entry
    let key: Text

    @_lifetime(copy text)
    init?(_ text: Text) {
        guard let arrow = text.find("=>"), let entry = Tables.named(text.prefix(arrow).trimmed) else {
            if text.find("=>") == nil {
                Host.log(.error, "\"\(String(text))\" names no item: write table=>key")
            }
            return nil
        }
        self.entry = entry
        key = text.dropFirst(arrow + 2)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(key) }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a text, for as long as the text is valid.
    init(_ text: Text) { self.init(start: text.raw.ptr, count: text.raw.len) }
}

extension mt_str {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }
}

extension ItemValue {
    /// Nil for null, which no item holds.
    init?(_ value: Value) {
        if let number = value.int {
            self = .number(number)
        } else if value.text.isAbsent {
            return nil
        } else {
            self = .text(UnsafeRawBufferPointer(value.text))
        }
    }
}
