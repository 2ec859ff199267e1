// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Testing

@testable import Script

/// What the server keeps an eye on while plugins run.
@Suite struct WatchTests {
    nonisolated(unsafe) private static var time: Int64 = 0
    nonisolated(unsafe) private static var use = ThreadUse(busy: 0, waits: 0)

    /// What is said when a function takes that long on the clock while its thread computes and waits so much.
    private func said(_ took: Int64, busy: Int64, waits: Int) throws -> [String] {
        let stage = Stage()
        struct Step { nonisolated(unsafe) static var run: () -> Void = {} }
        Step.run = {
            WatchTests.time += took
            WatchTests.use.busy += busy
            WatchTests.use.waits += waits
        }
        stage.symbols.add(
            ScriptFunction(
                name: "slow", plugin: "stage",
                call: { _ in
                    Step.run()
                    return 1
                }))
        stage.clock = { WatchTests.time }
        stage.used = { WatchTests.use }
        let pool = try stage.load("request_route {\nnote(\"a\");\nslow();\nnote(\"b\");\n}")
        return stage.play(pool.program.request).lines.filter { $0.hasPrefix("log") }
    }

    @Test func `a function that holds up its worker is named; not one that only had to wait for its turn`()
        throws
    {
        func line(_ text: String) -> [String] { ["log \(MT_LOG_WARNING): 3: stage: slow took \(text)"] }
        #expect(try said(60, busy: 51, waits: 0) == line("51 ms, and held up its worker"))
        #expect(try said(60, busy: 1, waits: 1) == line("60 ms, and held up its worker"))
        #expect(try said(60, busy: 49, waits: 0) == [])
        #expect(try said(50, busy: 50, waits: 3) == [])
    }

    @Test func `each is named once a second, with how often it was so since`() {
        struct Used { nonisolated(unsafe) static var now = ThreadUse(busy: 0, waits: 0) }
        var slowness = Slowness { Used.now }
        func complaint(_ site: Int, at now: Int64) -> String? {
            Used.now.waits += 1
            return slowness.complaint(of: UnsafeRawPointer(bitPattern: site), took: 60, at: now)
        }
        #expect(complaint(8, at: 100) == "took 60 ms, and held up its worker")
        #expect(complaint(8, at: 200) == nil && complaint(8, at: 1099) == nil)
        #expect(complaint(16, at: 300) != nil)
        #expect(
            complaint(8, at: 1100)
                == "took 60 ms, and held up its worker, as 2 times since this was last said")
        #expect(complaint(8, at: 2100) == "took 60 ms, and held up its worker")
    }

    @Test func `onsend_route knows the way the message takes`() throws {
        let stage = Stage()
        let pool = try stage.load(
            """
            onsend_route {
                if (to_ip == 192.0.2.1 && snd_ip == 192.0.2.7 && to_port == 5060 && snd_port == 5070) note("way");
                if (to_proto == TCP && snd_proto == TCP && to_af == INET) note("proto");
                if (src_ip == 192.0.2.7) note("source");
                drop;
            }
            """)
        var flow = Stage.flow
        swap(&flow.remote, &flow.local)
        swap(&flow.remote_port, &flow.local_port)
        flow.protocol = UInt32(MT_TCP)
        let message = stage.message()
        let (run, _) = withUnsafePointer(to: flow) { pool.run(pool.program.onsend, on: message, sending: $0) }
        #expect(run == .ended(value: 0, isDropped: true))
        #expect(stage.recorder.lines == ["way", "proto", "source"])
    }

    @Test func `a route that does not exist is not run`() throws {
        let stage = Stage()
        let pool = try stage.load("request_route { note(\"a\"); }")
        #expect(stage.play(0).value == -1)
        #expect(stage.play(2).value == -1)
        #expect(pool.program.reply == 0)
        #expect(pool.program.name(of: 7).isAbsent)
    }
}
