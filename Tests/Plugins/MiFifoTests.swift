// SPDX-License-Identifier: Apache-2.0
import Mi_fifoLogic
import Testing

private func events(_ text: String) -> [MIReader.Event] {
    var reader = MIReader()
    return reader.take(Array(text.utf8))
}

@Suite struct MIReaderTests {
    @Test func `a command, its reply fifo and its arguments, to an empty line (manual of mi_fifo)`() {
        #expect(
            events(":ul_show_contact:reply_1\nlocation\nalice\n\n")
                == [
                    .run(
                        .init(command: "ul_show_contact", reply: "reply_1", arguments: ["location", "alice"]))
                ])
        #expect(events(":uptime:\n\n") == [.run(.init(command: "uptime", reply: "", arguments: []))])
    }

    @Test func `an argument may have a name, attributes and quotes`() {
        let written = ":x:r\nname::value attr=1\n\"a value\"\nsip:alice@[2001:db8::1]\n  plain  \n\n"
        #expect(
            events(written)
                == [
                    .run(
                        .init(
                            command: "x", reply: "r",
                            arguments: ["value", "a value", "sip:alice@[2001:db8::1]", "plain"]))
                ])
    }

    @Test func `it comes in pieces, and several come at once`() {
        var reader = MIReader()
        var all: [MIReader.Event] = []
        for byte in ":a:r\n1\n\n:b:r\n\n".utf8 { all += reader.take([byte]) }
        #expect(all.count == 2)
        #expect(all[1] == .run(.init(command: "b", reply: "r", arguments: [])))
    }

    @Test func `no reply goes outside of the folder for replies`() {
        for name in ["../etc/passwd", "/etc/passwd", ".hidden"] {
            #expect(events(":uptime:\(name)\n\n") == [.noise])
        }
        #expect(events("uptime\n\n") == [.noise])
        #expect(events("::r\n\n") == [.noise])
    }

    @Test func `what has no end is refused`() {
        let many = String(repeating: "x\n", count: MIReader.most + 5)
        #expect(events(":uptime:r\n\(many)\n") == [.bad(command: "uptime", reply: "r")])
        let long = String(repeating: "x", count: MIReader.longest + 5)
        #expect(events(":uptime:r\n\(long)\n\n") == [.bad(command: "uptime", reply: "r")])
    }
}

@Suite struct MITests {
    @Test func `old names lead to new ones, and rpc to any (manual of mi)`() {
        #expect(MINames.resolve("ul_dump", [])?.command == "ul.dump")
        #expect(MINames.resolve("core.info", ["1"])?.arguments == ["1"])
        #expect(MINames.resolve("rpc", ["core.info", "1"])?.command == "core.info")
        #expect(MINames.resolve("rpc", []) == nil)
        #expect(MINames.resolve("nonsense", []) == nil)
    }

    @Test func `a tree is shown a node a line`() {
        var tree = MITree(indent: "\t")
        tree.open("")
        tree.put("uptime", "7")
        tree.open("AOR")
        tree.put("Contact", "two\nlines")
        tree.close()
        tree.close()
        tree.put("", "plain")
        #expect(tree.text == "uptime:: 7\nAOR::\n\tContact:: two lines\nplain\n")
    }
}
