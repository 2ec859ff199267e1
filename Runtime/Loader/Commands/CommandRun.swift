// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// One run of a command, from its call to its answer. On the thread of the commands only.
///
/// A plugin's command knows it by its `mt_call`, which lies first in `block`.
final class CommandRun {
    /// What a plugin's call points to.
    struct Block {
        var call: mt_call
        var run: Unmanaged<CommandRun>
    }

    let sink: mt_rpc_sink
    private let user: UnsafeMutableRawPointer?
    private(set) var isDone = false
    /// Structures and lists that are open.
    private var depth = 0
    private var fault: (code: Int32, text: String)?
    /// Kept here as long as the command may look at them.
    let arguments: CommandArguments
    let block: UnsafeMutablePointer<Block>
    /// It waits for something.
    var isWaiting = false

    init(sink: mt_rpc_sink, user: UnsafeMutableRawPointer?, arguments: CommandArguments) {
        self.sink = sink
        self.user = user
        self.arguments = arguments
        block = .allocate(capacity: 1)
        block.initialize(to: Block(call: mt_call(), run: .passUnretained(self)))
    }

    deinit { block.deallocate() }

    // MARK: - the answer

    func put(_ key: String, _ value: mt_value) {
        guard !isDone else { return }
        var value = value
        withUnsafePointer(to: &value) { value in
            var key = key
            key.withUTF8 { sink.put?(user, Slice(UnsafeRawBufferPointer($0)).mt, value) }
        }
    }

    func open(_ key: String, list: Bool) {
        guard !isDone else { return }
        depth += 1
        var key = key
        key.withUTF8 { sink.open?(user, Slice(UnsafeRawBufferPointer($0)).mt, list) }
    }

    func close() -> Bool {
        guard depth > 0, !isDone else { return false }
        depth -= 1
        sink.close?(user)
        return true
    }

    func fail(_ code: Int32, _ text: String) {
        if fault == nil { fault = (code, text) }
    }

    /// The last word; what is still open is closed.
    func finish(_ result: mt_result) {
        guard !isDone else { return }
        while depth > 0 { _ = close() }
        isDone = true
        if fault == nil, result < 0, result != mt_result(MT_NO) { fault = (500, "the command failed") }
        guard var (code, text) = fault else {
            sink.done?(user, 0, mt_str())
            return
        }
        if code == 0 { code = 500 }
        text.withUTF8 { sink.done?(user, code, Slice(UnsafeRawBufferPointer($0)).mt) }
    }
}

/// For the server's own commands.
extension CommandRun {
    func put(_ text: String) { put("", text) }

    func put(_ key: String, _ text: String) {
        var text = text
        text.withUTF8 {
            var value = mt_value()
            value.type = UInt32(MT_STR)
            value.str = Slice(base: $0.baseAddress, count: $0.count).mt
            // An empty text is not an absent one.
            if value.str.ptr == nil { value.str = Slice.empty.mt }
            put(key, value)
        }
    }

    func put(_ number: Int) { put("", number) }

    func put(_ key: String, _ number: Int) { put(key, .number(MT_INT, number)) }

    func structure(_ key: String = "", _ body: () -> Void) {
        open(key, list: false)
        body()
        _ = close()
    }

    func list(_ key: String, _ body: () -> Void) {
        open(key, list: true)
        body()
        _ = close()
    }
}

/// The arguments of a command, copied: whoever asked may go meanwhile.
final class CommandArguments {
    private(set) var values: [mt_value] = []
    private var memory: [UnsafeMutableRawPointer] = []
    /// As plugins see them.
    private(set) var pointer: UnsafeMutablePointer<mt_value>?

    init(_ arguments: UnsafePointer<mt_value>?, _ count: UInt32) {
        guard let arguments else { return }
        for index in 0..<Int(count) {
            var value = arguments[index]
            value.str = keep(value.str)
            value.ptr = nil
            values.append(value)
        }
    }

    deinit {
        pointer?.deallocate()
        for piece in memory { piece.deallocate() }
    }

    var count: Int { values.count }

    func text(_ index: Int) -> String? {
        guard index < values.count else { return nil }
        let value = values[index]
        return value.type == UInt32(MT_STR)
            ? Slice(value.str).string : value.type == UInt32(MT_NULL) ? nil : "\(value.num)"
    }

    func number(_ index: Int) -> Int? {
        guard index < values.count else { return nil }
        let value = values[index]
        return value.type == UInt32(MT_STR) ? Slice(value.str).integer() : Int(value.num)
    }

    /// Makes them what the command declares. Why that cannot be, or nil.
    func convert(_ fields: [PluginTable.Field]) -> String? {
        for (index, field) in fields.enumerated() {
            guard index < values.count else {
                if let fallback = field.fallback {
                    values.append(text(fallback))
                } else if field.has(MT_OPTIONAL) {
                    values.append(mt_value())
                    continue
                } else {
                    return "\(field.name) is missing"
                }
                if let wrong = convert(index, field) { return wrong }
                continue
            }
            if let wrong = convert(index, field) { return wrong }
        }
        // What a command does not declare is passed on as it came.
        let place = UnsafeMutablePointer<mt_value>.allocate(capacity: max(values.count, 1))
        place.initialize(from: values, count: values.count)
        pointer = place
        return nil
    }

    private func convert(_ index: Int, _ field: PluginTable.Field) -> String? {
        let value = values[index]
        let isText = value.type == UInt32(MT_STR)
        switch field.type {
        case MT_STR: if !isText { values[index] = text("\(value.num)") }
        case MT_INT, MT_BOOL, MT_MS:
            let number: Int? =
                if !isText {
                    Int(value.num)
                } else if field.type == MT_MS {
                    ParameterSetter.milliseconds(Slice(value.str).string)
                } else {
                    Slice(value.str).integer()
                }
            guard let number else {
                return "\(field.name) must be a number, not \"\(Slice(value.str).string)\""
            }
            if field.isLimited, !(field.min...field.max).contains(Int64(number)) {
                return "\(field.name) must be \(field.min) to \(field.max), not \(number)"
            }
            values[index] = .number(field.type, field.type == MT_BOOL && number != 0 ? 1 : number)
        default: break  // MT_NULL takes anything.
        }
        return nil
    }

    private func text(_ text: String) -> mt_value {
        var copy = text
        return copy.withUTF8 {
            mt_value(
                type: UInt32(MT_STR), reserved: 0, num: 0,
                str: keep(Slice(base: $0.baseAddress, count: $0.count).mt), ptr: nil)
        }
    }

    private func keep(_ text: mt_str) -> mt_str {
        guard let start = text.ptr else { return mt_str() }
        let copy = UnsafeMutableRawPointer.allocate(byteCount: text.len + 1, alignment: 1)
        copy.copyMemory(from: start, byteCount: text.len)
        copy.storeBytes(of: 0, toByteOffset: text.len, as: UInt8.self)
        memory.append(copy)
        return mt_str(ptr: UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self), len: text.len)
    }
}
