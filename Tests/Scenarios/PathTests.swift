// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A proxy that adds Path in the way a test asks for, and sends on to where the test listens.
private func proxy(
    to next: String, _ call: String, outbound: Bool = false, parameters: String = "",
    listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
) throws -> Server {
    try Server(
        """
        loadmodule "sl.so"
        loadmodule "stun.so"
        \(outbound ? "loadmodule \"outbound.so\"" : "")
        loadmodule "rr.so"
        loadmodule "path.so"
        loadmodule "pv.so"
        loadmodule "ctl.so"
        loadmodule "textops.so"
        \(parameters)
        request_route {
            if ($rm == "REGISTER") {
                \(call);
                $du = "sip:\(next)";
                forward();
                exit;
            }
            $var(routed) = loose_route();
            append_to_reply("X-Said: $var(routed) $du\\r\\n");
            sl_send_reply("200", "OK");
        }
        """, listen: listen, "--strict")
}

@Suite struct PathTests {
    private func register(_ client: Client, _ lines: String...) -> Request {
        Request("REGISTER", "sip:example.com", from: client).with {
            $0.lines = ["Contact: <sip:bob@\(client.text)>;reg-id=1"] + lines
        }
    }

    @Test(
        arguments: [
            ("add_path()", "<sip:HERE;lr>"), ("add_path(\"edge\")", "<sip:edge@HERE;lr>"),
            ("add_path(\"edge\", \"ob\")", "<sip:edge@HERE;lr;ob>"),
            ("add_path_received()", "<sip:HERE;lr;received=sip:ORIGIN>"),
            ("add_path_received(\"edge\")", "<sip:edge@HERE;lr;received=sip:ORIGIN>"),
            ("add_path_advertised_address(\"edge.example.com:5070\")", "<sip:edge.example.com:5070;lr>"),
            (
                "add_path_received_advertised_address(\"edge.example.com\", \"x\", \"y=1\")",
                "<sip:x@edge.example.com;lr;received=sip:ORIGIN;y=1>"
            ),
        ])
    func `a Path says how to get back here (manual, 4)`(call: String, wanted: String) throws {
        let next = try Client()
        let bob = try Client()
        let server = try proxy(to: next.text, call)
        bob.send(register(bob, "Path: <sip:other@192.0.2.1;lr>"), to: server.udp)
        let path = wanted.replacing("HERE", with: server.udp.text).replacing("ORIGIN", with: bob.text)
        // The last proxy is on top.
        #expect(try next.receive().all("Path") == [path, "<sip:other@192.0.2.1;lr>"])
    }

    @Test func `with outbound it has a token, unless a user is given (manual, 3)`() throws {
        let next = try Client()
        let bob = try Client()
        for (call, ending) in [
            ("add_path()", ";lr;ob>"), ("add_path_received()", ";lr;received=sip:\(bob.text);ob>"),
        ] {
            let server = try proxy(to: next.text, call, outbound: true)
            bob.send(register(bob), to: server.udp)
            let path = try #require(try next.receive()["Path"])
            #expect(path.hasSuffix("=@\(server.udp.text)\(ending)"), "\(path)")
        }
        let plain = try proxy(to: next.text, "add_path(\"edge\")", outbound: true)
        bob.send(register(bob), to: plain.udp)
        #expect(try next.receive()["Path"] == "<sip:edge@\(plain.udp.text);lr>")
    }

    @Test func `it names the socket that the request leaves by, and both when there are to be two`() throws {
        let next = try Listener()
        let bob = try Client()
        let server = try proxy(to: "\(next.text);transport=tcp", "add_path()")
        bob.send(register(bob), to: server.udp)
        let arrived = try next.accept().receive()
        #expect(arrived.all("Path") == ["<sip:\(server.tcp.text);transport=tcp;lr>"])

        let two = try proxy(
            to: "\(next.text);transport=tcp", "add_path_received()",
            parameters: """
                modparam("path", "enable_r2", 1)
                modparam("path", "received_format", 1)
                modparam("path", "received_name", "rcv")
                """)
        bob.send(register(bob), to: two.udp)
        let tail = ";lr;rcv=127.0.0.1~\(bob.port)~1;r2=on>"
        #expect(
            try next.accept().receive().all("Path")
                == ["<sip:\(two.tcp.text);transport=tcp\(tail)", "<sip:\(two.udp.text)\(tail)"])
    }

    @Test(arguments: [0, 1])
    func `received is followed where it was written here, and nowhere else (manual, 5 and 7)`(format: Int)
        throws
    {
        let next = try Client()
        let bob = try Client()
        let server = try proxy(
            to: next.text, "add_path_received()",
            parameters: """
                modparam("path", "use_received", 1)
                modparam("path", "received_format", \(format))
                """)
        bob.send(register(bob), to: server.udp)
        let path = try #require(try next.receive()["Path"])
        func said(_ route: String) throws -> String? {
            let request = Request("OPTIONS", "sip:bob@192.0.2.1", from: next).with {
                $0.lines = ["Route: \(route)"]
                $0.to += ";tag=1"
            }
            return try next.ask(request, server.udp)["X-Said"]
        }
        #expect(try said(path) == "1 sip:\(bob.text)")
        let victim = try Client()
        let crafted = path.replacing("\(bob.port)", with: "\(victim.port)")
        #expect(try said(crafted)?.contains(victim.text) == false)
        #expect(try server.statistic("path.unknown_received") == 1)
        #expect(try said("<sip:\(server.udp.text);lr>") != nil, "without received nothing happens")
    }

    @Test func `use_received needs rr`() throws {
        let folder = try Scratch()
        let file = try folder.file(
            "path.cfg",
            with: """
                loadmodule "path.so"
                modparam("path", "use_received", 1)
                request_route { exit; }
                """)
        for words in [["check", file], [file, "-E", "-Y", folder.path, "-l", "udp:127.0.0.1:0"]] {
            let output = try martlet(words)
            #expect(output.status == 1 && output.err.contains("use_received needs rr"), "\(output.err)")
        }
    }
}
