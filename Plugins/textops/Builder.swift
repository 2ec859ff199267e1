// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Text that grows in a message's own memory, so that it costs no allocation and lives as long as the
/// message.
struct Builder: ~Escapable {
    private let message: Message
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0

    @_lifetime(copy message)
    init(_ message: Message) { self.message = message }

    @_lifetime(self: copy self)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if memory.count - count < bytes.count {
            let larger = message.allocate((count + bytes.count) * 2 + 64)
            if count > 0 { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count])) }
            memory = larger
        }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    @_lifetime(self: copy self)
    mutating func append(_ text: mt_str) { append(UnsafeRawBufferPointer(text)) }
    @_lifetime(self: copy self)
    mutating func append(_ text: Text) { append(UnsafeRawBufferPointer(text)) }
    @_lifetime(self: copy self)
    mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// What is there so far. Never absent, also when it is empty.
    var text: Text {
        @_lifetime(copy self) get {
            guard let start = memory.baseAddress?.assumingMemoryBound(to: CChar.self) else { return Text("") }
            return _overrideLifetime(
                Text(unchecked: mt_str(ptr: UnsafePointer(start), len: count)), copying: self)
        }
    }
}
