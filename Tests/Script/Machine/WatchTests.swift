// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Testing

@testable import Script

/// What the server keeps an eye on while plugins run.
@Suite struct WatchTests {
    nonisolated(unsafe) private static var time: Int64 = 0

    @Test func `a function that holds up its worker is named`() throws {
        let stage = Stage()
        stage.symbols.add(
            ScriptFunction(
                name: "slow", plugin: "stub",
                call: { _ in
                    WatchTests.time += 51
                    return 1
                }))
        stage.clock = {
            WatchTests.time += 1
            return WatchTests.time
        }
        let pool = try stage.load("request_route {\nnote(\"a\");\nslow();\nnote(\"b\");\n}")
        #expect(
            stage.play(pool.program.request).lines
                == ["a", "log \(MT_LOG_WARNING): 3: stub: slow took 52 ms, and held up its worker", "b"])
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
