// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation
import PluginKit
import Testing

private let limit = Param<Int>("limit", default: "10", in: 1...100, "A number.")
private let greeting = Param<Text?>("greeting", "A text.")
private let lines = Params<Text>("line", "One of many.")
private let seen = Counter("seen", "How many were seen.")
private let waiting = Counter("waiting", gauge: true, "How many wait.")
private let subject = Header("Subject")
private let happened = Event("happened", "Something did.")
private let sl = Need("sl", 1, 2, as: sl_api.self)
private let tm = Need("tm", 1, as: tm_api.self, [.optional, .late])

private let plugin = Plugin("tried", "1.2.3", "Is tried by a test.") {
    limit
    greeting
    lines
    seen
    waiting
    subject
    happened
    sl
    tm

    Function("plain", in: [.request, .reply], "Takes nothing.") { call in
        seen.add(2)
        waiting.add(-1)
        return Outcome(limit.value)
    }
    Function(
        "many", in: .any, suspends: true, "Takes a bit of everything.",
        Arg("number", Int.self, default: "7", in: 0...9), Arg("text", Text.self), Arg("maybe", Text?.self),
        Arg("time", Milliseconds.self), Arg("switch", Bool.self), Arg("route", Route.self, where: .failure)
    ) { call, number, text, maybe, time, isOn, route in
        call.message.append(
            "X: \(number) \(text) \(maybe == nil ? -1 : maybe!.count) \(time.count) \(isOn ? 1 : 0)")
        return Outcome(Int(route.number))
    }
    Function("edit", in: .request, "Edits.") { call in
        let message = call.message
        message.append(Line("Min-SE", 90))
        message.prepend(Line("X-Top", message.callID))
        var fields = message.headers(subject)
        while let field = fields.next() {
            if field.body == "second" { message.replace(field, "changed") }
        }
        if let first = message.first(subject) { message.insert("Subject: before", before: first) }
        message.set(.uri, Line("sip:\(message.fromTag)@\(message.callID):\(-5060)"))
        message.set(.flags, 5)
        message.clear(.nextHop)
        message.addTarget("sip:bob@b.example", q: 500)
        message.slot = message.slot + 1
        return Outcome(message.isRequest && message.method == .invite && message.targetCount == 1)
    }
    Function("increment", in: .any, "Adds one.", Arg("variable", Expression.self)) { call, variable in
        guard let value = call.read(variable), let number = value.int else { return .no }
        return call.write(variable, number + 1)
    }
    Function("wait", in: .any, suspends: true, "Waits.") { call in
        call.wait(upTo: .seconds(2), then: Action { call in call.result == .timeout ? .no : Outcome(9) }) {
            ticket in
            ticket.resume(.yes)
        }
    }
    Function("hurt", in: .any, "Tells what went wrong.") { call in
        Host.log(.debug, "nobody reads \(1)")
        Host.log(.warning, "the Call-ID is \(call.message.callID)")
        return Host.fail("that was wrong", help: "do better")
    }
    Variable("seen", "Counts.") { call, key in
        if key.name.isAbsent { return call.answerNull() }
        if let index = key.index { return call.answer(index * 2) }
        return call.answer(key.name.dropFirst())
    } set: { call, key, value in
        call.message.set(.reason, value.text)
        return .yes
    }
    Variable("fixed", "Cannot be set.") { call, key in call.answer(1) }
    Command("list", "Lists.", Arg("what", Text?.self)) { answer, what in
        if let what, what == "nothing" { return answer.fault(404, "no such thing") }
        answer.put("count", 2)
        answer.structure("first") { $0.put("name", "calls") }
        answer.list("rest") {
            $0.put(1)
            $0.put("two")
        }
        return .yes
    }
    Hook("core.request", order: -100) { call in happened.emit(call, call.message) }
    Hook("tm.finished", optional: true) { call in
        guard let number = call.data(as: Int32.self) else { return .no }
        return Outcome(Int(number.pointee))
    }
    Offer("tried", 3, 4) { head in
        var api = tm_api()
        api.head = head
        api.reply = { _, _, status, _ in mt_result(status) }
        return api
    }
    Start { greeting.value == nil ? Host.fail("no greeting") : .yes }
    Stop { Host.log(.info, "stopped") }
}

private func int(_ number: Int) -> mt_value { mt_value(number) }
/// Lives for ever, as a literal does.
private func text(_ text: String) -> mt_value {
    mt_value(mt_str(ptr: UnsafePointer(strdup(text)), len: text.utf8.count))
}

/// The same plugin is started anew for each test, on a server that has just been made.
@Suite(.serialized) struct PluginKitTests {
    let table = plugin.export(to: 1 << 16)!
    let server = FakeServer()

    init() {
        FakeServer.current = server
        server.params[0] = int(42)
        server.params[1] = text("hello")
        var slTable = sl_api()
        slTable.reply = { _, status, reason in
            FakeServer.current.replies.append("\(status) \(reason.text)")
            return mt_result(MT_OK)
        }
        #expect(server.start(table, with: ["sl": FakeServer.keep(slTable)]) == mt_result(MT_OK))
    }

    func function(_ name: String) throws -> mt_function {
        try #require(table.pointee.functions.all(mt_function.self).first { String(cString: $0.name) == name })
    }
    func call(_ name: String, _ message: FakeMessage? = nil, _ args: [mt_value] = []) throws -> mt_result {
        let function = try function(name)
        return server.call(function.call, function.user, message, args).code
    }

    @Test func `the table says what was declared`() {
        #expect(plugin.export(to: 1 << 16) == table)
        #expect(table.pointee.magic == 0x4C54_524D && table.pointee.major == 1 && table.pointee.minor == 0)
        #expect(table.pointee.size == UInt32(MemoryLayout<mt_plugin>.size) && table.pointee.flags == 0)
        #expect(String(cString: table.pointee.name) == "tried")
        #expect(String(cString: table.pointee.version) == "1.2.3")
        let params = table.pointee.params.all(mt_field.self)
        #expect(params.map { String(cString: $0.name) } == ["limit", "greeting", "line"])
        #expect(params[0].min == 1 && params[0].max == 100 && String(cString: params[0].fallback) == "10")
        #expect(params[1].fallback == nil && params[1].type == UInt32(MT_STR))
        #expect(params[2].flags == UInt32(MT_MANY))
        let counters = table.pointee.counters.all(mt_counter.self)
        #expect(counters.map(\.kind) == [UInt32(MT_COUNTER), UInt32(MT_GAUGE)])
        let hooks = table.pointee.hooks.all(mt_hook.self)
        #expect(hooks.map(\.order) == [-100, 0] && hooks.map(\.flags) == [0, UInt32(MT_OPTIONAL)])
    }

    @Test func `each list says how wide its items are`() {
        let plugin = table.pointee
        #expect(plugin.needs.stride == 24 && plugin.offers.stride == 16 && plugin.params.stride == 64)
        #expect(
            plugin.functions.stride == 56 && plugin.variables.stride == 48 && plugin.commands.stride == 48)
        #expect(plugin.counters.stride == 24 && plugin.events.stride == 16 && plugin.hooks.stride == 32)
    }

    @Test func `needs carry their version and flags, and the server's own come first`() {
        let needs = table.pointee.needs.all(mt_need.self)
        #expect(needs.prefix(9).allSatisfy { String(cString: $0.id).hasPrefix("martlet.") && $0.flags == 0 })
        #expect(needs[9].major == 1 && needs[9].minor == 2 && needs[9].flags == 0)
        #expect(needs[10].flags == UInt32(MT_OPTIONAL | MT_LATE))
        #expect(sl.isThere && !tm.isThere)
    }

    @Test func `an offer has its head filled in`() throws {
        let offer = try #require(table.pointee.offers.all(mt_offer.self).first)
        #expect(offer.table.pointee.major == 3 && offer.table.pointee.minor == 4)
        #expect(offer.table.pointee.size == UInt32(MemoryLayout<tm_api>.size))
    }

    @Test func `a function gets parameters and counts`() throws {
        #expect(try call("plain") == 42)
        #expect(server.counts == [0: 2, 1: -1])
    }

    @Test func `arguments arrive typed, and missing ones as nil`() throws {
        let function = try function("many")
        #expect(function.where == UInt32(MT_IN_ANY | MT_SUSPENDS))
        let fields = function.args.all(mt_field.self)
        #expect(fields.map(\.type) == [MT_INT, MT_STR, MT_STR, MT_MS, MT_BOOL, MT_ROUTE].map { UInt32($0) })
        #expect(fields.map(\.flags) == [1, 0, 1, 0, 0, 0])
        #expect(fields[5].where == UInt32(MT_IN_FAILURE) && fields[0].max == 9)

        let message = FakeMessage()
        var maybe = mt_value()
        func args() -> [mt_value] { [int(7), text("abc"), maybe, int(500), int(1), int(3)] }
        #expect(try call("many", message, args()) == 3)
        maybe = text("four")
        #expect(try call("many", message, args()) == 3)
        #expect(message.lines.map(\.body) == ["7 abc -1 500 1", "7 abc 4 500 1"])
    }

    @Test func `a message is edited in place`() throws {
        let message = FakeMessage(
            [MT_F_CALL_ID: "7f3a", MT_F_FROM_TAG: "tag", MT_F_NEXT_HOP: "sip:x"],
            [("Subject", "first"), ("From", "a"), ("Subject", "second")])
        message.numbers[MT_F_METHOD_ID] = Int64(MT_INVITE)
        #expect(try call("edit", message) == 1)
        #expect(
            message.lines.map { "\($0.name): \($0.body)" } == [
                "X-Top: 7f3a", "Subject: before", "Subject: first", "From: a", "Subject: changed",
                "Min-SE: 90",
            ])
        #expect(message.texts[MT_F_URI] == "sip:tag@7f3a:-5060" && message.texts[MT_F_NEXT_HOP] == nil)
        #expect(message.numbers[MT_F_FLAGS] == 5 && message.targets == ["sip:bob@b.example 500"])
        #expect(message.slot.pointee == 1)
    }

    @Test func `expressions are read and written`() throws {
        var expression = mt_value()
        expression.type = UInt32(MT_EXPR)
        expression.ptr = UnsafeMutableRawPointer(bitPattern: 16)
        #expect(try call("increment", FakeMessage(), [expression]) == 1)
        #expect(server.written == ["42"])
    }

    @Test func `a function that waits answers what its continuation decides`() throws {
        #expect(try call("wait", FakeMessage()) == mt_result.min)
        #expect(server.resumed == [1])
        #expect(server.call(try #require(server.ticket.fn), server.ticket.user, result: 1).code == 9)
        #expect(try call("wait", FakeMessage()) == mt_result.min)
        #expect(
            server.call(try #require(server.ticket.fn), server.ticket.user, result: MT_TIMEOUT).code == -1)
    }

    @Test func `what nobody would read is not logged, and a failure is told`() throws {
        #expect(try call("hurt", FakeMessage([MT_F_CALL_ID: "7f3a"])) == mt_result(MT_ERROR))
        #expect(server.log == ["3 the Call-ID is 7f3a", "fail that was wrong; do better"])
    }

    @Test func `variables give text, numbers and nothing`() {
        let variable = table.pointee.variables.all(mt_variable.self)
        let get: ([mt_value]) -> mt_value = {
            server.call(variable[0].get, variable[0].user, FakeMessage(), $0).out
        }
        #expect(get([mt_value(), mt_value()]).type == UInt32(MT_NULL))
        #expect(get([text("key"), mt_value()]).str.text == "ey")
        #expect(get([text("key"), int(-3)]).num == -6)
        let message = FakeMessage()
        server.call(variable[0].set, variable[0].user, message, [text("key"), mt_value(), text("new")])
        #expect(message.texts[MT_F_REASON] == "new")
        #expect(variable[1].set == nil)
    }

    @Test func `a command answers piece by piece, or with a fault`() throws {
        let command = try #require(table.pointee.commands.all(mt_command.self).first)
        #expect(server.call(command.call, command.user, nil, [mt_value()]).code == 1)
        #expect(server.answers == ["count=2", "first{", "name=calls", "end", "rest[", "-=1", "-=two", "end"])
        server.answers = []
        #expect(server.call(command.call, command.user, nil, [text("nothing")]).code == mt_result(MT_ERROR))
        #expect(server.answers == ["fault 404 no such thing"])
    }

    @Test func `hooks see the event's data, and events are emitted`() {
        let hooks = table.pointee.hooks.all(mt_hook.self)
        #expect(server.call(hooks[0].call, hooks[0].user, FakeMessage()).code == 1)
        #expect(server.log == ["emit 0 true false"])
        var number: Int32 = 77
        #expect(server.call(hooks[1].call, hooks[1].user, nil, data: &number).code == 77)
    }

    @Test func `a parameter of many lines is a list`() {
        var two = [text("one"), text("two")]
        two.withUnsafeMutableBufferPointer { two in
            server.params[2] = mt_value(
                type: UInt32(MT_STR), reserved: 0, num: 2, str: mt_str(),
                ptr: UnsafeMutableRawPointer(two.baseAddress))
            #expect(lines.count == 2 && String(lines[0]) == "one" && String(lines[1]) == "two")
        }
        server.params[2] = mt_value()
        #expect(lines.count == 0)
    }

    @Test func `start can refuse, and stop runs at the end`() {
        table.pointee.stop(server.host)
        #expect(server.log == ["1 stopped"])
        server.params[1] = mt_value()
        #expect(server.start(table) == mt_result(MT_ERROR))
        #expect(server.log.last == "fail no greeting; ")
    }
}

// MARK: Timers and messages of one's own

/// Says when it goes.
private final class Held: Sendable {
    nonisolated(unsafe) static var count = 0
    init() { Held.count += 1 }
    deinit { Held.count -= 1 }
    func touch() {}
}

extension PluginKitTests {
    private func action() -> Action {
        let held = Held()
        return Action { _ in
            held.touch()
            seen.add()
            return .yes
        }
    }

    @Test func `a timer that ran or was cancelled lets go of what it held`() {
        Held.count = 0
        let once = Loop.after(.seconds(1), action())
        #expect(Held.count == 1)
        server.fire(server.nextNumber)
        #expect(Held.count == 0 && server.counts[0] == 1)
        #expect(!once.cancel() && Held.count == 0)

        let again = Loop.every(.seconds(1), on: 1, action())
        server.fire(server.nextNumber, again: true)
        server.fire(server.nextNumber, again: true)
        #expect(Held.count == 1 && server.counts[0] == 3)
        #expect(again.cancel() && !again.cancel() && Held.count == 0)
    }

    @Test func `work for other threads and workers is let go at its end`() {
        Held.count = 0
        #expect(Loop.post(action()).isYes && Held.count == 0)
        let held = Held()
        let steps = (work: 3, done: 4)
        Loop.offload(
            work: { _ in
                seen.add(steps.work)
                return .yes
            },
            done: { _ in
                seen.add(steps.done)
                return .yes
            })
        Loop.visit(
            each: { _ in
                seen.add(10)
                return .yes
            },
            done: { _ in
                seen.add(100)
                return .yes
            })
        held.touch()
        #expect(server.counts[0] == 128)
    }

    @Test func `a kept message is released once`() {
        let message = FakeMessage([MT_F_CALL_ID: "7f3a"])
        do {
            let borrowed = Message(message.raw)
            guard let kept = borrowed.keep() else {
                Issue.record("nothing was kept")
                return
            }
            #expect(message.retains == 2 && String(kept.message.callID) == "7f3a")
        }
        #expect(message.retains == 1)
    }
}
