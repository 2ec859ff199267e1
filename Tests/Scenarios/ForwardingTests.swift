// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Requests on their way there, replies on their way back, and nothing kept in between.
@Suite struct ForwardingTests {
    static let plain = """
        loadmodule "sl.so"
        request_route {
            if (uri==myself) { sl_send_reply("200", "Here"); exit; }
            forward();
        }
        """

    @Test func `a request gets our Via on top and its sender's address where it lacks`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        let via = "SIP/2.0/UDP phone.example.com:\(alice.port);branch=z9hG4bK77"
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.via = [via]
            $0.lines = ["X-Odd :  kept  as it is ", "Subject: gr\u{fc}\u{df}e"]
            $0.body = Array("\0\u{1}binary\r\n\r\n".utf8)
        }
        alice.send(request, to: server.udp)
        let got = try bob.receive()
        let vias = got.all("Via")
        #expect(vias.count == 2)
        #expect(vias[0].hasPrefix("SIP/2.0/UDP \(server.udp.text);branch=z9hG4bK"), "\(vias)")
        #expect(vias[1] == via + ";received=127.0.0.1")
        // All else is as it came.
        var bytes = got.bytes
        let ours = Array("Via: \(vias[0])\r\n".utf8)
        let place = try #require(bytes.firstRange(of: ours))
        bytes.removeSubrange(place)
        let added = try #require(bytes.firstRange(of: Array(";received=127.0.0.1".utf8)))
        bytes.removeSubrange(added)
        #expect(bytes == request.bytes)
    }

    @Test func `rport is filled in, and the reply goes there`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        // The port in the Via is nobody's.
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.via = ["SIP/2.0/UDP 192.0.2.33:9;rport;branch=z9hG4bK77"]
        }
        alice.send(request, to: server.udp)
        let got = try bob.receive()
        let stamped = got.all("Via")[1]
        #expect(
            stamped.contains(";rport=\(alice.port)") && stamped.contains(";received=127.0.0.1"), "\(stamped)")
        bob.send(Request.reply(180, "Ringing", to: got), to: server.udp)
        let reply = try alice.receive()
        #expect(reply.startLine == "SIP/2.0 180 Ringing")
        #expect(reply.all("Via") == [stamped])
    }

    @Test func `the reply to a request without rport goes to the port in its Via`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let other = try Client()
        let bob = try Client()
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.via = ["SIP/2.0/UDP 127.0.0.1:\(other.port);branch=z9hG4bK77"]
        }
        alice.send(request, to: server.udp)
        bob.send(Request.reply(200, "OK", to: try bob.receive()), to: server.udp)
        #expect(try other.receive().status == 200)
        #expect(alice.pending() == nil)
    }

    @Test func `a request that comes again, its CANCEL and its ACK leave with the same branch`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        func branch(_ request: Request) throws -> String {
            alice.send(request, to: server.udp)
            let via = try #require(try bob.receive()["Via"])
            return String(try #require(via.components(separatedBy: ";branch=").last).prefix { $0 != ";" })
        }
        let first = try branch(invite)
        #expect(first.hasPrefix("z9hG4bK"))
        #expect(try branch(invite) == first)
        #expect(try branch(invite.with { $0.method = "CANCEL" }) == first)
        #expect(
            try branch(
                invite.with {
                    $0.method = "ACK"
                    $0.to += ";tag=b1"
                }) == first)
        let another = Request("INVITE", "sip:bob@\(bob.text)", from: alice).with { $0.callID = invite.callID }
        #expect(try branch(another) != first)
    }

    @Test func `a reply loses our Via and nothing else`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let got = try bob.receive()
        let reply = Request.reply(
            200, "D'accord \u{2713}", to: got, "Contact: <sip:bob@\(bob.text)>", "X-A:b ")
        bob.send(reply, to: server.udp)
        let arrived = try alice.receive().bytes
        var wanted = reply
        wanted.removeSubrange(try #require(reply.firstRange(of: Array("Via: \(got.all("Via")[0])\r\n".utf8))))
        #expect(arrived == wanted)
    }

    @Test func `a reply whose top Via is not ours is dropped and counted`() throws {
        let server = try Server(Self.plain + "\nloadmodule \"ctl.so\"")
        let client = try Client()
        let bystander = try Client()
        let foreign = """
            SIP/2.0 200 OK\r
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r
            Via: SIP/2.0/UDP \(bystander.text);branch=z9hG4bK2\r
            From: <sip:a@example.com>;tag=1\r
            To: <sip:b@example.com>;tag=2\r
            Call-ID: foreign\r
            CSeq: 1 INVITE\r
            Content-Length: 0\r
            \r

            """
        client.send(foreign, to: server.udp)
        client.send(
            foreign.replacingOccurrences(of: "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n", with: ""),
            to: server.udp)
        #expect(try client.ping(server.udp).status == 200)
        #expect(bystander.pending() == nil)
        #expect(try server.statistic("core.foreign_replies") == 2)
        #expect(try server.statistic("core.drop_replies") == 2)
        #expect(try server.statistic("core.fwd_replies") == 0)
    }

    @Test func `Max-Forwards goes down by one, and at 0 the way ends`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "maxfwd.so"
            request_route {
                if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
                forward();
            }
            """)
        let alice = try Client()
        let bob = try Client()
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice)
        for (value, left) in [("70", "69"), ("10", "9"), ("1", "0"), (nil, "10"), ("255", "70")] {
            alice.send(request.with { $0.maxForwards = value }, to: server.udp)
            #expect(try bob.receive().all("Max-Forwards") == [left])
        }
        let refused = try alice.ask(request.with { $0.maxForwards = "0" }, server.udp)
        #expect(refused.startLine == "SIP/2.0 483 Too Many Hops")
        #expect(bob.pending() == nil)
    }

    @Test func `a loose route is followed, also through two addresses of ours`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "rr.so"
            request_route {
                if ($rm == "INVITE") record_route();
                else if (!loose_route()) { sl_send_reply("404", "No route"); exit; }
                forward();
            }
            """, listen: ["udp:127.0.0.1:0", "udp:[::1]:0"])
        let four = server.sockets[0]
        let six = server.sockets[1]
        let alice = try Client()
        let bob = try Client("::1")
        let next = try Client("::1")
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: four)
        let invite = try bob.receive()
        // Two addresses, one for each side; the one that it left by is on top.
        let routes = invite.all("Record-Route").flatMap { $0.components(separatedBy: ", ") }
        #expect(
            routes.count == 2 && routes.allSatisfy { $0.contains(";r2=on") && $0.contains(";lr") },
            "\(routes)")
        #expect(routes.first?.contains(six.text) == true && routes.last?.contains(four.text) == true)
        #expect(invite["Via"]?.hasPrefix("SIP/2.0/UDP \(six.text)") == true)

        let bye = Request("BYE", "sip:bob@\(bob.text)", from: alice).with {
            $0.to += ";tag=b1"
            $0.lines = routes.reversed().map { "Route: \($0)" } + ["Route: <sip:\(next.text);lr>"]
        }
        alice.send(bye, to: four)
        let got = try next.receive()
        #expect(got.startLine == "BYE sip:bob@\(bob.text) SIP/2.0")
        #expect(got.all("Route") == ["<sip:\(next.text);lr>"])
        #expect(got["Via"]?.hasPrefix("SIP/2.0/UDP \(six.text)") == true)
        #expect(bob.pending() == nil)
    }

    @Test func `a strict router gets what it expects`() throws {
        let server = try Server(
            """
            loadmodule "rr.so"
            request_route { loose_route(); forward(); }
            """)
        let alice = try Client()
        let strict = try Client()
        let bye = Request("BYE", "sip:bob@192.0.2.9", from: alice).with {
            $0.to += ";tag=b1"
            $0.lines = ["Route: <sip:\(server.udp.text);lr>", "Route: <sip:\(strict.text)>"]
        }
        alice.send(bye, to: server.udp)
        let got = try strict.receive()
        #expect(got.startLine == "BYE sip:\(strict.text) SIP/2.0")
        #expect(got.all("Route") == ["<sip:bob@192.0.2.9>"])
    }

    @Test func `what came by UDP may leave by TCP, and the reply comes back`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Listener()
        alice.send(Request("MESSAGE", "sip:bob@\(bob.text);transport=tcp", from: alice), to: server.udp)
        let connection = try bob.accept()
        let got = try connection.receive()
        #expect(got["Via"]?.hasPrefix("SIP/2.0/TCP \(server.tcp.text)") == true, "\(got)")
        connection.send(Request.reply(200, "OK", to: got))
        #expect(try alice.receive().status == 200)
        // The next one takes the same connection.
        alice.send(Request("MESSAGE", "sip:bob@\(bob.text);transport=tcp", from: alice), to: server.udp)
        #expect(try connection.receive().method == "MESSAGE")
    }

    @Test func `the destination may be another one than the Request-URI says`() throws {
        let bob = try Client()
        let server = try Server(
            """
            request_route {
                $du = "sip:\(bob.text)";
                $rU = "carol";
                forward();
            }
            """)
        let alice = try Client()
        alice.send(Request("MESSAGE", "sip:bob@192.0.2.9", from: alice), to: server.udp)
        #expect(try bob.receive().startLine == "MESSAGE sip:carol@192.0.2.9 SIP/2.0")
    }

    @Test func `what is advertised is what others see, and is ours`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "rr.so"
            listen=udp:127.0.0.1:0 advertise sip.example.com:5070 name "outside"
            alias="example.org"
            request_route {
                if (uri==myself) { sl_send_reply("200", "Mine"); exit; }
                record_route();
                forward();
            }
            """, listen: [])
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let got = try bob.receive()
        #expect(got["Via"]?.hasPrefix("SIP/2.0/UDP sip.example.com:5070;branch=") == true, "\(got)")
        #expect(got["Record-Route"]?.hasPrefix("<sip:sip.example.com:5070;lr") == true)
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try alice.receive().status == 200)
        for uri in ["sip:x@sip.example.com:5070", "sip:x@EXAMPLE.org:9999", "sip:x@\(server.udp.text)"] {
            let reply = try alice.ask(Request("OPTIONS", uri, from: alice), server.udp)
            #expect(reply.startLine == "SIP/2.0 200 Mine", "\(uri)")
        }
    }

    @Test func `replies pass through their route, and can be changed or dropped there`() throws {
        let server = try Server(
            """
            loadmodule "textops.so"
            request_route { forward(); }
            reply_route {
                if (status == "183") drop;
                append_hf("X-Seen: $rs\\r\\n");
            }
            """)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let invite = try bob.receive()
        bob.send(Request.reply(183, "Session Progress", to: invite), to: server.udp)
        bob.send(Request.reply(200, "OK", to: invite), to: server.udp)
        let reply = try alice.receive()
        #expect(reply.status == 200)
        #expect(reply["X-Seen"] == "200")
    }

    @Test func `a host name is looked up without holding anybody up`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("MESSAGE", "sip:bob@localhost:\(bob.port)", from: alice), to: server.udp)
        #expect(try alice.ping(server.udp).status == 200)
        let got = try bob.receive()
        #expect(got.startLine == "MESSAGE sip:bob@localhost:\(bob.port) SIP/2.0")
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try alice.receive().status == 200)
    }

    @Test(arguments: [
        ("sip:bob@no-such-host.invalid", 478), ("tel:+4930", 479), ("sip:bob@[2001:db8::1]", 477),
    ])
    func `where it cannot go, the script says so`(uri: String, status: Int) throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            request_route { if (!forward()) sl_reply_error(); }
            """)
        let alice = try Client()
        let reply = try alice.ask(Request("MESSAGE", uri, from: alice), server.udp)
        #expect(reply.status == status, "\(reply.startLine)")
        #expect(reply.reason.hasSuffix("(\(status)/SL)"))
    }

    @Test func `IPv6 all the way`() throws {
        let server = try Server(Self.plain, listen: ["udp:[::1]:0", "tcp:[::1]:0"])
        let alice = try Client("::1")
        let bob = try Client("::1")
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.via = ["SIP/2.0/UDP [2001:db8::9]:\(alice.port);rport;branch=z9hG4bK77"]
        }
        alice.send(request, to: server.udp)
        let got = try bob.receive()
        #expect(got["Via"]?.hasPrefix("SIP/2.0/UDP \(server.udp.text);branch=z9hG4bK") == true)
        // RFC 5118, 4.5: an address in received stands without brackets.
        #expect(got.all("Via")[1].contains(";received=::1"), "\(got)")
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try alice.receive().status == 200)
        let stream = try Connection(to: server.tcp)
        let options = Request("OPTIONS", "sip:\(server.tcp.text)", from: stream)
        #expect(try stream.ask(options).status == 200)
    }

    @Test func `a datagram may be as large as UDP lets it`() throws {
        let server = try Server(Self.plain)
        let alice = try Client()
        let bob = try Client()
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.body = (0..<64_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        }
        alice.send(request, to: server.udp)
        #expect(try bob.receive().body == request.body)
    }

    @Test func `the socket to send from can be chosen, by name too`() throws {
        let server = try Server(
            """
            loadmodule "corex.so"
            listen=udp:127.0.0.1:0 name "one"
            listen=udp:127.0.0.2:0 name "two"
            request_route {
                set_send_socket_name("$rU");
                forward();
            }
            """, listen: [])
        let alice = try Client()
        let bob = try Client()
        for (index, name) in ["one", "two"].enumerated() {
            alice.send(Request("MESSAGE", "sip:\(name)@\(bob.text)", from: alice), to: server.sockets[0])
            let via = try #require(try bob.receive()["Via"])
            #expect(via.hasPrefix("SIP/2.0/UDP \(server.sockets[index].text);"), "\(via)")
        }
    }

    @Test func `what leaves passes through onsend_route, which sees where to and may say no`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "xlog.so"
            request_route { if (!forward()) exit; }
            onsend_route {
                xlog("L_WARN", "to $sndto(ip):$sndto(port) by $sndto(sproto)\\n");
                if ($rU == "secret") drop;
            }
            """)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("MESSAGE", "sip:secret@\(bob.text)", from: alice), to: server.udp)
        alice.send(Request("MESSAGE", "sip:open@\(bob.text)", from: alice), to: server.udp)
        #expect(try bob.receive().uri == "sip:open@\(bob.text)")
        // What it logged is all there when it has ended.
        #expect(server.stop() == 0)
        #expect(
            server.log.components(separatedBy: "to 127.0.0.1:\(bob.port) by udp").count == 3, "\(server.log)")
    }

    @Test func `work is shared by workers though all of it comes from one address`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "ctl.so"
            request_route { sl_send_reply("200", "OK"); }
            """, "-n", "2")
        let client = try Client()
        var answered: Set<String> = []
        let requests = (0..<500).map { _ in Request("OPTIONS", "sip:\(server.udp.text)", from: client) }
        for request in requests {
            client.send(request, to: server.udp)
            answered.insert(try client.receive()["Call-ID"] ?? "")
        }
        #expect(answered == Set(requests.map(\.callID)))
        let workers = try #require(try server.json("core.psx") as? [[String: Any]])
        #expect(workers.count >= 3, "\(workers)")
    }
}
