// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Testing

@testable import Script

/// A function may wait anywhere, and the script goes on as if it had not.
@Suite struct SuspensionTests {
    /// Where the script waits, what the answer is, and what is written down in the end.
    @Test(arguments: [
        ("note(\"a\"); wait(1); note(\"$rc\");", 7, ["a", "wait 1", "7"]),
        ("if (wait(1)) note(\"T\"); else note(\"F\");", 1, ["wait 1", "T"]),
        ("if (wait(1)) note(\"T\"); else note(\"F\");", -1, ["wait 1", "F"]),
        ("if (good() && wait(1) && good()) note(\"T\");", 1, ["yes", "wait 1", "yes", "T"]),
        ("if (!(bad() || wait(1))) note(\"T\");", -1, ["no", "wait 1", "T"]),
        ("$var(r) = 10 + wait(1) * 5; note(\"$var(r)\");", 3, ["wait 1", "15"]),
        ("$var(r) = wait(1); note(\"$var(r)\");", -4, ["wait 1", "-4"]),
        ("$var(r) = strlen(\"abc\" + (wait(1) + 1)); note(\"$var(r)\");", 1, ["wait 1", "4"]),
        ("switch (wait(1)) { case 1: note(\"1\"); break; default: note(\"d\"); }", 9, ["wait 1", "1"]),
        ("route(A); note(\"$rc\"); } route[A] { note(\"in\"); wait(1); return 4;", 1, ["in", "wait 1", "4"]),
        (
            "$var(r) = 1 + route(A); note(\"$var(r)\"); } route[A] { if (wait(1)) return 4; return -1;", 1,
            ["wait 1", "2"]
        ),
        (
            "if (route(A) == 1) note(\"T\"); } route[A] { return (route(B) && good()); } route[B] { $var(x) = wait(1); return $var(x);",
            5, ["wait 1", "yes", "T"]
        ),
        ("wait(1); note(\"after\");", 0, ["wait 1"]),
        ("if (wait(1)) note(\"T\"); else note(\"F\");", 0, ["wait 1"]),
        ("route(A); note(\"after\"); } route[A] { wait(1); note(\"never\");", 0, ["wait 1"]),
        ("return (wait(1));", 1, ["wait 1"]),
        (
            "two(\"a\", \"b\"); wait(2); two(\"c\", \"$rm\");", 1,
            ["str a, str b", "wait 2", "str c, str OPTIONS"]
        ),
    ])
    func `the script goes on where it waited`(source: String, answer: Int, expected: [String]) throws {
        var story = try Stage().run(statements: source)
        #expect(story.run == .suspended)
        #expect(story.machine?.isWaiting == true)
        story.answer(mt_result(answer))
        #expect(story.lines == expected)
        #expect(story.run != .suspended)
    }

    @Test func `it may wait in each turn of a loop`() throws {
        var story = try Stage().run(
            statements:
                "while ($var(i) < 3) { $var(i) = $var(i) + 1; wait($var(i)); note(\"$rc\"); } note(\"end\");")
        for number in 1...3 {
            #expect(story.run == .suspended)
            story.answer(mt_result(number * 10))
        }
        #expect(story.lines == ["wait 1", "10", "wait 2", "20", "wait 3", "30", "end"])
    }

    @Test func `it may wait in the condition of a loop`() throws {
        var story = try Stage().run(statements: "while (wait(1)) { note(\"turn\"); } note(\"end\");")
        story.answer(1)
        story.answer(1)
        // Whatever is not 0 goes on; a function that said no is 0 here, for as an operand it is 1 or 0.
        story.answer(-1)
        #expect(story.lines == ["wait 1", "turn", "wait 1", "turn", "wait 1", "end"])
    }

    @Test func `other scripts run on the same worker meanwhile`() throws {
        let stage = Stage()
        let pool = try stage.load(
            "request_route { note(\"$var(n)\"); $var(n) = 1; wait(1); note(\"$var(n)\"); }")
        var first = stage.play(pool.program.request)
        var second = stage.play(pool.program.request)
        var third = stage.play(pool.program.request)
        #expect(pool.waiting == 3)
        #expect(pool.made == 3)
        second.answer(1)
        third.answer(1)
        first.answer(1)
        #expect(pool.waiting == 0)
        #expect(stage.recorder.lines == ["0", "wait 1", "1", "wait 1", "1", "wait 1", "1", "1", "1"])
        _ = stage.play(pool.program.request)
        #expect(pool.made == 3)
    }

    @Test func `what a burst of waiting scripts needed goes back, but not before answers that come too late`()
        throws
    {
        let stage = Stage()
        let pool = try stage.load("request_route { wait(1); }")
        var stories = (0..<1_300).map { _ in stage.play(pool.program.request) }
        #expect(pool.waiting == 1_300 && pool.made == 1_300)
        let early = try #require(stories[0].machine)
        early.awaitsLateAnswer()
        for index in stories.indices.dropLast() { stories[index].answer(1) }
        #expect(pool.waiting == 1 && pool.made == 1_025)
        let last = try #require(stories[1_299].machine)
        last.awaitsLateAnswer()
        stories[1_299].answer(1)
        #expect(pool.waiting == 0 && pool.made == 1_025)
        pool.trim()
        #expect(pool.made == 65)
        early.lateAnswerCame()
        last.lateAnswerCame()
    }

    @Test func `the message is kept while the script waits, and given back after`() throws {
        var story = try Stage().run(statements: "wait(1);")
        #expect(story.message.references == 2)
        story.message.release()
        #expect(story.message.references == 1)
        story.message.retain()
        story.answer(1)
        #expect(story.message.references == 1)
    }

    @Test func `a continuation makes the result, and may wait again`() throws {
        var story = try Stage().run(statements: "wait(5); note(\"$rc\");")
        let again: mt_fn = { call in
            guard let call else { return -1 }
            let recorder = Recorder.of(call.pointee.worker)
            recorder.lines.append("then \(call.pointee.result) \(call.pointee.args[0].num)")
            if call.pointee.result == 1 {
                _ = recorder.pool?.hold(call)
                return mt_result(MT_SUSPEND)
            }
            return 42
        }
        let serial = story.machine?.serial
        story.answer(1, then: again)
        #expect(story.run == .suspended)
        #expect(story.machine?.serial != serial)
        story.answer(mt_result(MT_TIMEOUT), then: again)
        #expect(story.lines == ["wait 5", "then 1 5", "then -3 5", "42"])
    }

    @Test func `a function that promises to come back and does not is caught`() throws {
        let story = try Stage().run(statements: "forgetful(); note(\"$rc\");")
        #expect(
            story.lines == [
                "log 4: 2: stage: forgetful answered MT_SUSPEND without a call of suspend()", "-2",
            ])
    }

    @Test func `a script within a script waits on its own`() throws {
        let stage = Stage()
        stage.symbols.add(
            ScriptFunction(
                name: "nested", plugin: "stage",
                call: { call in
                    guard let call, let pool = Recorder.of(call.pointee.worker).pool,
                        let message = call.pointee.msg
                    else { return -1 }
                    let number = pool.program.route(UInt32(MT_IN_REQUEST), named: "INNER")
                    let (run, machine) = pool.run(number, on: Message(message))
                    let recorder = Recorder.of(call.pointee.worker)
                    recorder.lines.append(run == .suspended ? "inner waits" : "inner ended")
                    recorder.inner = machine
                    return 1
                }))
        let pool = try stage.load(
            "request_route { nested(); note(\"outer\"); }\nroute[INNER] { wait(1); note(\"inner\"); }")
        let story = stage.play(pool.program.request)
        #expect(story.run == .ended(value: 1, isDropped: false))
        #expect(stage.recorder.inner?.resume(1) == .ended(value: 1, isDropped: false))
        stage.recorder.inner?.finish()
        #expect(stage.recorder.lines == ["wait 1", "inner waits", "outer", "inner"])
    }

    @Test func `forward may wait for a name`() throws {
        var story = try Stage().run(statements: "forward(\"slow.example\", 5080); note(\"$rc\");")
        #expect(story.run == .suspended)
        story.answer(1)
        #expect(story.lines == ["forward 0 slow.example 5080", "0"])
    }

    @Test func `a script can be given up`() throws {
        let story = try Stage().run(statements: "wait(1); note(\"never\");")
        story.machine?.abandon()
        #expect(story.lines == ["wait 1"])
        #expect(story.message.references == 1)
    }
}
