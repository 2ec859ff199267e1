// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// A message costs no memory of its own: what it needs was there before, and is there again afterwards.
@Suite(.serialized, .unsanitized) struct AllocationTests {
    @Test func `a stateful call takes less than one piece of memory for each message`() throws {
        let release = try ReleaseBuild()
        let scratch = try Scratch()
        let heap = try Heap(in: scratch)
        let server = try Server(
            Calls.Kind.call.configuration, command: [release.folder + "/martlet"],
            listen: ["udp:127.0.0.1:0"],
            environment: heap.environment, in: scratch)
        let calls = try Calls(.call, to: server.udp)
        try calls.make(4_000, atOnce: 8)
        // It gets six messages. Two transactions are kept for late copies, for longer than this takes: so there are two
        // more with each call, and nothing else.
        let change = try heap.watching { try calls.make(2_000, atOnce: 8) }
        #expect(change.allocations < 2 * 2_000, "taken by\n\(change.callers)")
        #expect(server.stop() == 0)
    }

    @Test(arguments: [Calls.Kind.options, .forward])
    fileprivate func `a stateless call allocates nothing and frees nothing`(_ kind: Calls.Kind) throws {
        let release = try ReleaseBuild()
        let scratch = try Scratch()
        let heap = try Heap(in: scratch)
        let server = try Server(
            kind.configuration, command: [release.folder + "/martlet"], listen: ["udp:127.0.0.1:0"],
            environment: heap.environment, in: scratch)
        // It is counted at all: a start takes memory.
        #expect(heap.allocations > 100)

        let calls = try Calls(kind, to: server.udp)
        try calls.make(2_048, atOnce: 32)
        let change = try heap.watching { try calls.make(4_000, atOnce: 8) }
        #expect(change.allocations == 0, "taken by\n\(change.callers)")
        #expect(change.frees == 0, "given back by\n\(change.callers)")
        #expect(server.stop() == 0)
    }
}
