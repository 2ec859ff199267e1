// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing
import TmLogic

private func winner(_ replies: (status: Int, isFaked: Bool)..., penalty: Int = 0) -> Int {
    var choice = ReplyChoice(fakedPenalty: penalty)
    for (branch, reply) in replies.enumerated() {
        choice.offer(branch, status: reply.status, isFaked: reply.isFaked)
    }
    return choice.best
}

@Suite struct ReplyChoiceTests {
    @Test(arguments: [
        (404, 486, 404), (302, 404, 302), (500, 404, 404), (407, 486, 407), (603, 302, 603), (486, 408, 408),
        (484, 404, 484), (415, 401, 401), (503, 500, 500), (603, 600, 600), (305, 300, 300),
    ])
    func `of two replies one wins, whichever came first`(first: Int, second: Int, wins: Int) {
        #expect(winner((first, false), (second, false)) == (first == wins ? 0 : 1))
        #expect(winner((second, false), (first, false)) == (first == wins ? 1 : 0))
    }

    @Test func `of equal ones the earlier branch wins`() {
        #expect(winner((486, false), (486, false)) == 0)
        #expect(winner((503, false), (404, false), (404, false)) == 1)
    }

    @Test func `a silent branch hides no real answer`() {
        #expect(winner((486, false), (408, true)) == 0)
        #expect(winner((408, true), (503, false)) == 1)
        #expect(winner((408, true), (503, true)) == 0)
        #expect(winner((408, true)) == 0)
    }
}

@Suite struct CancelChoiceTests {
    @Test func `a branch that is over is left alone`() {
        #expect(CancelChoice(isOpen: false, wasHeardOf: true, method: 1) == .nothing)
    }

    @Test func `one that rings is cancelled at once`() {
        for method in 0...2 { #expect(CancelChoice(isOpen: true, wasHeardOf: true, method: method) == .now) }
    }

    @Test func `for one that was not heard of there are three ways`() {
        #expect(CancelChoice(isOpen: true, wasHeardOf: false, method: 0) == .pretend)
        #expect(CancelChoice(isOpen: true, wasHeardOf: false, method: 1) == .whenHeardOf)
        #expect(CancelChoice(isOpen: true, wasHeardOf: false, method: 2) == .now)
    }
}

@Suite struct BranchNameTests {
    private let names = BranchName(1, 2, 3)

    private func written(_ handle: Handle, _ branch: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: BranchName.longest)
        let count = bytes.withUnsafeMutableBufferPointer {
            names.write(handle, branch: branch, into: $0.baseAddress!)
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func read(_ text: String, _ names: BranchName) -> (handle: Handle, branch: Int)? {
        text.withCString { names.read(mt_str(ptr: $0, len: text.utf8.count)) }
    }

    @Test func `it has the form z9hG4bKxxxx, 32 digits, and the branch`() throws {
        let text = written(Handle(worker: 3, index: 70_000, generation: 9), 0)
        #expect(text.wholeMatch(of: /z9hG4bK[0-9a-f]{4}\.[0-9a-f]{32}\.0/) != nil)
    }

    @Test(arguments: [0, 9, 15, 16, 31])
    func `what was written is read`(branch: Int) throws {
        let handle = Handle(worker: 3, index: 70_000, generation: 4_000_000_000)
        let found = try #require(read(written(handle, branch), names))
        #expect(found.handle == handle)
        #expect(found.branch == branch)
    }

    @Test func `one digit changed, or other keys, and it is none of ours`() {
        let text = written(Handle(worker: 0, index: 1, generation: 1), 1)
        #expect(read(text, BranchName(1, 2, 4)) == nil)
        #expect(read(String(text.dropLast(2)), names) == nil)
        var changed = Array(text.utf8)
        changed[30] = changed[30] == 48 ? 49 : 48
        #expect(read(String(decoding: changed, as: UTF8.self), names) == nil)
        #expect(read("z9hG4bK776asdhds", names) == nil)
        #expect(read("", names) == nil)
    }
}

@Suite struct TopViaTests {
    private func via(_ text: String, _ check: (TopVia, String) -> Void) {
        text.withCString {
            var via = TopVia(mt_str(ptr: $0, len: text.utf8.count))
            via.readParams()
            let host = via.sentBy
            check(
                via, String(decoding: UnsafeRawBufferPointer(start: host.ptr, count: host.len), as: UTF8.self)
            )
        }
    }

    @Test func `host, port and what asks for another way are read`() {
        via("SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK1") { via, host in
            #expect(host == "192.0.2.1")
            #expect(via.port == 5070)
            #expect(via.asksForPort)
            #expect(!via.hasOtherAddress)
        }
        via("SIP / 2.0 / TCP   [2001:db8::1] : 5 ;maddr=1.2.3.4") { via, host in
            #expect(host == "[2001:db8::1]")
            #expect(via.port == 5)
            #expect(via.hasOtherAddress)
        }
        via("SIP/2.0/UDP h;rportx=1, SIP/2.0/UDP g;rport") { via, host in
            #expect(host == "h")
            #expect(via.port == 0)
            #expect(!via.asksForPort)
        }
        via("") { via, host in #expect(host == "") }
    }
}

@Suite struct ReplyBytesTests {
    private func without(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let count = bytes.withUnsafeMutableBufferPointer {
            ReplyBytes.removeTopVia($0.baseAddress!, $0.count)
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    @Test func `the first Via goes, by itself or out of a list`() {
        #expect(
            without("SIP/2.0 200 OK\r\nVia: a\r\nv: b\r\nTo: c\r\n\r\nbody")
                == "SIP/2.0 200 OK\r\nv: b\r\nTo: c\r\n\r\nbody")
        #expect(
            without("SIP/2.0 200 OK\r\nTo: c\r\nv : a;x=\",\",b\r\n\r\n")
                == "SIP/2.0 200 OK\r\nTo: c\r\nv :b\r\n\r\n")
        #expect(
            without("SIP/2.0 200 OK\r\nVIA: a\r\n ;x\r\nVia: b\r\n\r\n") == "SIP/2.0 200 OK\r\nVia: b\r\n\r\n"
        )
        #expect(
            without("SIP/2.0 200 OK\r\nTo: v: c\r\n\r\nVia: a\r\n")
                == "SIP/2.0 200 OK\r\nTo: v: c\r\n\r\nVia: a\r\n")
    }
}
