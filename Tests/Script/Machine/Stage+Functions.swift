// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

@testable import Script

/// The functions of the plugin `stage`.
extension Recorder {
    func offer(to symbols: Symbols) {
        func add(
            _ name: String, _ arguments: [ScriptArgument] = [], places: Int = MT_IN_ANY,
            suspends: Bool = false,
            plugin: String = "stage", _ call: @escaping mt_fn
        ) {
            symbols.add(
                ScriptFunction(
                    name: name, plugin: plugin, arguments: arguments, places: UInt32(places),
                    suspends: suspends,
                    call: call, user: Unmanaged.passUnretained(self).toOpaque()))
        }
        func text(_ name: String, optional: Bool = false) -> ScriptArgument {
            ScriptArgument(name: name, type: UInt32(MT_STR), isOptional: optional)
        }
        let number = ScriptArgument(name: "n", type: UInt32(MT_INT))

        add("note", [text("text")]) { Recorder.write($0, "") }
        add("good") { Recorder.write($0, "yes", 1) }
        add("bad") { Recorder.write($0, "no", -1) }
        add("stop") { Recorder.write($0, "stop", 0) }
        add("code", [number]) { call in
            guard let call else { return -1 }
            return mt_result(truncatingIfNeeded: call.pointee.args[0].num)
        }
        add("where_am_i") { call in
            guard let call else { return -1 }
            Recorder.of(call.pointee.worker).lines.append("route \(call.pointee.route)")
            return 1
        }
        add("wait", [number], suspends: true) { call in
            guard let call else { return -1 }
            let recorder = Recorder.of(call.pointee.worker)
            recorder.lines.append("wait \(call.pointee.args[0].num)")
            _ = recorder.pool?.hold(call)
            return mt_result(MT_SUSPEND)
        }
        add("forgetful") { _ in mt_result(MT_SUSPEND) }

        add("only_request", places: MT_IN_REQUEST | MT_IN_FAILURE | MT_IN_BRANCH) { _ in 1 }
        add("only_event", places: MT_IN_EVENT) { _ in 1 }
        add("only_reply", places: MT_IN_REPLY) { _ in 1 }

        add("typed", [ScriptArgument(name: "value", type: UInt32(MT_STR), isOptional: true)]) {
            Recorder.show($0)
        }
        add("two", [text("first"), text("second", optional: true)]) { Recorder.show($0) }
        add(
            "numbered",
            [ScriptArgument(name: "limit", type: UInt32(MT_INT), range: 1...255, help: "the most hops")]
        ) { Recorder.show($0) }
        add("switched", [ScriptArgument(name: "on", type: UInt32(MT_BOOL))]) { Recorder.show($0) }
        add("timed", [ScriptArgument(name: "time", type: UInt32(MT_MS), range: 1...5000)]) {
            Recorder.show($0)
        }
        add("expressed", [ScriptArgument(name: "target", type: UInt32(MT_EXPR))]) { Recorder.show($0) }
        add("verbatim", [ScriptArgument(name: "text", type: UInt32(MT_STR), isVerbatim: true)]) {
            Recorder.show($0)
        }
        add(
            "armed", [ScriptArgument(name: "route", type: UInt32(MT_ROUTE), block: UInt32(MT_IN_FAILURE))]
        ) { Recorder.show($0) }
        add("matching", [ScriptArgument(name: "pattern", type: UInt32(MT_REGEX))]) { Recorder.show($0) }
        add("through", [ScriptArgument(name: "socket", type: UInt32(MT_SOCKET))]) { Recorder.show($0) }
        add(
            "defaulted",
            [
                text("first"),
                ScriptArgument(name: "limit", type: UInt32(MT_INT), isOptional: true, fallback: "70"),
                text("last", optional: true),
            ]
        ) { Recorder.show($0) }
        add(
            "prepared",
            [
                ScriptArgument(
                    name: "text", type: UInt32(MT_STR),
                    prepare: { call in
                        guard let call, let user = call.pointee.user else { return -1 }
                        let recorder = Unmanaged<Recorder>.fromOpaque(user).takeUnretainedValue()
                        let text = Slice(call.pointee.args[0].str).string
                        recorder.prepared.append(text)
                        if text == "bad" {
                            recorder.failure = ("the text is bad", "write a good one")
                            return -2
                        }
                        call.pointee.out.pointee.ptr = UnsafeMutableRawPointer(
                            bitPattern: 0x1000 + text.utf8.count)
                        return 1
                    })
            ]
        ) { call in
            guard let call else { return -1 }
            let pointer = UInt(bitPattern: call.pointee.args[0].ptr)
            Recorder.of(call.pointee.worker).lines.append("prepared \(pointer)")
            return 1
        }
        // Two of one name; and one that hides an earlier one.
        add("many", [text("a")]) { Recorder.write($0, "many 1", 1) }
        add("many", [text("a"), text("b"), text("c")]) { Recorder.write($0, "many 3", 1) }
        add("hidden") { Recorder.write($0, "old", 1) }
        add("hidden", plugin: "later") { Recorder.write($0, "new", 1) }
        add("t_relay", places: MT_IN_REQUEST | MT_IN_FAILURE | MT_IN_BRANCH) { _ in 1 }

        symbols.add(function: "search", offeredBy: "textops.so")
        symbols.add(event: "tm:local-request")
        symbols.add(event: "tm:branch-failure")
        symbols.takeFailure = { [unowned self] in
            defer { failure = nil }
            return failure
        }
    }

    static func write(_ call: UnsafeMutablePointer<mt_call>?, _ words: String, _ result: mt_result = 1)
        -> mt_result
    {
        guard let call else { return -1 }
        let recorder = of(call.pointee.worker)
        let text = words.isEmpty ? Slice(call.pointee.args[0].str).string : words
        recorder.lines.append(text)
        if let note = recorder.pool?.state.pointee.note.pointee { recorder.seen.append(note) }
        return result
    }

    /// Writes the arguments down as the function sees them.
    static func show(_ call: UnsafeMutablePointer<mt_call>?) -> mt_result {
        guard let call else { return -1 }
        var words: [String] = []
        for index in 0..<Int(call.pointee.argc) {
            let value = call.pointee.args[index]
            switch Int(value.type) {
            case Int(MT_NULL): words.append("null")
            case Int(MT_INT): words.append("int \(value.num)")
            case Int(MT_STR): words.append("str \(Slice(value.str).string)")
            case Int(MT_BOOL): words.append("bool \(value.num)")
            case Int(MT_MS): words.append("ms \(value.num)")
            case Int(MT_EXPR): words.append("expr \(Slice(value.str).string)")
            case Int(MT_ROUTE): words.append("route \(value.num)")
            case Int(MT_SOCKET): words.append("socket \(value.num)")
            case Int(MT_REGEX):
                words.append("regex \(value.ptr.map { Pattern(opaque: $0).matches("abc") } ?? false)")
            default: words.append("type \(value.type)")
            }
        }
        of(call.pointee.worker).lines.append(words.joined(separator: ", "))
        return 1
    }
}
